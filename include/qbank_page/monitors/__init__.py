"""What monitors read, without a login."""
