"""Providers of models: OpenAI, Anthropic, Ollama and all that speak OpenAI's protocol, and a small one from a wheel."""
