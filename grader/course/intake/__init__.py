"""Say who handed in what, from a folder or an archive as a learning management system wrote it."""
