"""Records over SQLAlchemy: its tables, their migrations, and the store itself; importing it takes half a second."""
