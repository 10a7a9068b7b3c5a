"""Policy: OpenStack's rule names and language, scopes, overrides from policy.yaml."""

from stratolith.kernel.policy.rules import Rule

__all__ = ["Rule"]
