"""The Microsoft Graph door of the sandbox."""
