"""OneRoster 1.1 and 1.2 over REST, and 1.0 to 1.2 as CSV."""
