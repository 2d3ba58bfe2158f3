"""What an editor is told, by the schema alone and by the server that editors run."""
