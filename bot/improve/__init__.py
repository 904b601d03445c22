"""The engine of improvement: findings, authors, validation stages, and the loop over proposals."""
