"""OneRoster 1.1 and 1.2, as a server speaks them."""
