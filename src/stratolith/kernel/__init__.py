"""The parts that all services share; it does not depend on any service."""
