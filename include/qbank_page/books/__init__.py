"""Books: what the ERP said, and a file to load."""
