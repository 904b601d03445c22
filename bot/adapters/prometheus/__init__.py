"""Health from a Prometheus server, and the controller's own figures for one."""
