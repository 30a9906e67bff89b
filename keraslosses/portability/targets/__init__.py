"""The targets of the checks: finds the object that a text names, and draws its inputs."""
