"""The atlas: a page that shows all published networks as points on axes that the reader chooses."""
