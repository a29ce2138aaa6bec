"""A guardrail for the LiteLLM proxy that does nothing: what its machinery alone costs."""

from typing import Any

from litellm.integrations.custom_guardrail import CustomGuardrail


class Noop(CustomGuardrail):
    """Looks at the request and at the reply, and lets both pass."""

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any
    ) -> Any:
        """Let the request pass."""
        return data

    async def async_post_call_success_hook(
        self, data: Any, user_api_key_dict: Any, response: Any
    ) -> Any:
        """Let the reply pass."""
        return response
