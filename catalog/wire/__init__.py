"""What servers say, and how they are asked. Knows no database and no terminal."""
