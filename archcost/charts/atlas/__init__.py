"""The atlas: a page on which all published networks are points, and the reader chooses the axes."""
