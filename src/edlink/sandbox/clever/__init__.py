"""The sandbox's Clever: Data API 2.0 to 3.1, the list of tokens, and events."""
