"""Microsoft Entra ID: rosters (Graph) and sign-in."""
