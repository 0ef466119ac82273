from impasto import (
    Bearer,
    ContentRejected,
    Follow,
    HttpRequest,
    Image,
    ImageRequest,
    ImageResponse,
    Model,
    Outcome,
    Payload,
    Progress,
    Provider,
    Range,
    ServerEvent,
    SizeRule,
    hookimpl,
)

EASEL = Provider(
    id="easel",
    label="Easel",
    url="https://easel.example/v1",
    auth=Bearer(env="EASEL_KEY", help_url="https://easel.example/keys"),
)


@hookimpl
def list_models() -> list[Model]:
    return [
        Model(
            EASEL,
            "easel-2",
            aliases=("easel",),
            accepts={"seed": Range(0, 2**32 - 1), "negative_prompt": None},
            defaults={"width": 1024, "height": 1024},
            size=SizeRule(minimum=256, maximum=2048, multiple=16),
        )
    ]


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    asked: dict[str, object] = {"prompt": request.prompt, "size": [request.width, request.height]}
    if request.seed is not None:
        asked["seed"] = request.seed
    if request.negative_prompt:
        asked["avoid"] = request.negative_prompt
    return HttpRequest("POST", "/paintings", json=asked)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    said = event.json()
    match said["status"]:
        case "waiting" | "painting":
            job = f"/paintings/{said['id']}"
            ask = HttpRequest("GET", job, on_cancel=HttpRequest("DELETE", job))
            return [Progress(said["status"], said.get("done")), Follow(ask, after=1)]
        case "finished":
            return [ImageResponse((Image(url=said["picture"]),), seed=said["seed"])]
        case "refused":
            raise ContentRejected(said["why"])
        case other:
            raise ValueError(f"unknown status {other!r}")
