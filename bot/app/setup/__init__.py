"""What `megawatts init` makes of a fork: the files it lacks, and the settings of its repository."""
