"""Veracross: rosters (Data API v3) and sign-in."""
