"""The pipeline's steps, one file each, in their order in `order`."""
