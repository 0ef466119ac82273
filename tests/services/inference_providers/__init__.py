"""A stand-in for Hugging Face Inference Providers: the Hub's mapping, and the router with seven providers behind it.

The Hub (huggingface.co) and the router (router.huggingface.co) are at one address here, told apart by their paths.
"""

from services.inference_providers.service import InferenceProviders

__all__ = ["InferenceProviders"]
