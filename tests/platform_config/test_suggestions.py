"""Values of the wrong type, and settings under another name: each with its exact message and what was likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config_files import TEXT, problems, written

SERVER = TEXT[TEXT.index("    server:") :]
MODELS = TEXT[TEXT.index("models:") :]

MISTAKES: dict[str, tuple[str, str, str]] = {
    "an empty required section": (
        TEXT[TEXT.index("node_pools:") : TEXT.index("bucket:")],
        "node_pools:\n",
        "node_pools: must be a map of keys, got nothing\n    fix: indent its settings below it",
    ),
    "an empty required section of settings": (
        SERVER,
        "    server:\n",
        "models.gemma.server: must be a map of settings, got nothing\n"
        "    fix: indent its settings below it: image at least",
    ),
    "an empty region": (
        "    number: 2\n    region: europe-west4\n    zones: [europe-west4-a]\n",
        "",
        "regions.eu: must be a map of settings, got nothing\n"
        "    fix: indent its settings below it: number, region, zones at least",
    ),
    "an empty section that may go": (
        "bucket:",
        "cluster:\nbucket:",
        "cluster: must be a map of settings, got nothing\n    fix: remove the key, or indent its settings below it",
    ),
    "an empty required text": (
        "name: gemma",
        "name:",
        "name: must be text, got nothing\n    fix: write it behind the colon",
    ),
    "an empty number": (
        "bucket:",
        "network:\n  mtu:\nbucket:",
        "network.mtu: must be a whole number, got nothing\n    fix: remove the line, or write it behind the colon",
    ),
    "an empty choice": (
        "bucket:",
        "cluster:\n  release_channel:\nbucket:",
        "cluster.release_channel: must be one of RAPID, REGULAR, STABLE, got nothing\n"
        "    fix: remove the line, or write one of them",
    ),
    "26 digits": (
        "number: 1",
        "number: 11111111111111111111111111",
        "regions.us.number: must be a whole number of at most 18 digits, got 26 digits\n"
        "    fix: write a smaller number",
    ),
    "a quoted number": (
        "number: 1",
        'number: "1"',
        "regions.us.number: must be a whole number, got '1'\n    fix: write 1 without quotes",
    ),
    "a quoted boolean": (
        "config_cluster: true",
        'config_cluster: "true"',
        "regions.us.config_cluster: must be true or false, got 'true'\n    fix: write true",
    ),
    "yes": (
        "config_cluster: true",
        "config_cluster: yes",
        "regions.us.config_cluster: must be true or false, got 'yes'\n    fix: write true",
    ),
    "Off": (
        "config_cluster: true",
        "config_cluster: Off",
        "regions.us.config_cluster: must be true or false, got 'Off'\n    fix: write false",
    ),
    "a number for a boolean": (
        "config_cluster: true",
        "config_cluster: 1",
        "regions.us.config_cluster: must be true or false, got 1\n    fix: write true",
    ),
    "hexadecimal": (
        "number: 1",
        "number: 0x10",
        "regions.us.number: must be a whole number, got '0x10'\n    fix: write 16",
    ),
    "octal": ("number: 1", "number: 0o10", "regions.us.number: must be a whole number, got '0o10'\n    fix: write 8"),
    "a zero before it": (
        "number: 1",
        "number: 010",
        "regions.us.number: must be a whole number, got '010'\n    fix: write 10 without the zero before it",
    ),
    "an underscore": (
        "number: 1",
        "number: 1_000",
        "regions.us.number: must be a whole number, got '1_000'\n    fix: write 1000",
    ),
    "a comma": (
        "number: 1",
        "number: 1,000",
        "regions.us.number: must be a whole number, got '1,000'\n    fix: write 1000",
    ),
    "a fraction beside the highest number": (
        "bucket:",
        "providers: {google: 8.1}\nbucket:",
        "providers.google: must be a whole number, got 8.1\n    fix: write 8",
    ),
    "thousands": (
        "32768",
        "32k",
        "models.gemma.server.max_model_len: must be a whole number, got '32k'\n"
        "    fix: write 32768 or 32000, whichever is meant",
    ),
    "minutes": (
        "bucket:",
        "gateway:\n  timeout_sec: 10m\nbucket:",
        "gateway.timeout_sec: must be a whole number, got '10m'\n    fix: write 600: it counts seconds",
    ),
    "hours and minutes": (
        "bucket:",
        "gateway:\n  timeout_sec: 1h30m\nbucket:",
        "gateway.timeout_sec: must be a whole number, got '1h30m'\n    fix: write 5400: it counts seconds",
    ),
    "seconds": (
        "bucket:",
        "gateway:\n  draining_sec: 130s\nbucket:",
        "gateway.draining_sec: must be a whole number, got '130s'\n    fix: write 130: it counts seconds",
    ),
    "milliseconds where whole seconds count": (
        "bucket:",
        "gateway:\n  timeout_sec: 1600ms\nbucket:",
        "gateway.timeout_sec: must be a whole number, got '1600ms'\n    fix: write 1 or 2: it counts seconds",
    ),
    "days": (
        "location: US",
        "location: US\n  soft_delete_days: 2 weeks",
        "bucket.soft_delete_days: must be a whole number, got '2 weeks'\n    fix: write 14: it counts days",
    ),
    "hours for minutes": (
        "    weights:\n",
        "    weights:\n      download_timeout_minutes: 2h\n",
        "models.gemma.weights.download_timeout_minutes: must be a whole number, got '2h'\n    fix: write 120: it "
        "counts minutes",
    ),
    "a unit that is none": (
        "bucket:",
        "gateway:\n  timeout_sec: 10 beats\nbucket:",
        "gateway.timeout_sec: must be a whole number, got '10 beats'\n"
        "    fix: write the number alone: it counts seconds",
    ),
    "a share for percent": (
        "bucket:",
        "gateway:\n  max_utilization_percent: 0.6\nbucket:",
        "gateway.max_utilization_percent: must be a whole number, got 0.6\n    fix: write 60: it counts percent",
    ),
    "a quoted share": (
        "bucket:",
        "gateway:\n  max_utilization_percent: '0.6'\nbucket:",
        "gateway.max_utilization_percent: must be a whole number, got '0.6'\n    fix: write 60: it counts percent",
    ),
    "a percent sign": (
        "bucket:",
        "gateway:\n  max_utilization_percent: 60%\nbucket:",
        "gateway.max_utilization_percent: must be a whole number, got '60%'\n    fix: write 60: it counts percent",
    ),
    "a whole number with a fraction": (
        "bucket:",
        "gateway:\n  timeout_sec: 60.0\nbucket:",
        "gateway.timeout_sec: must be a whole number, got 60.0\n    fix: write 60",
    ),
    "scientific": (
        "bucket:",
        "gateway:\n  timeout_sec: 1e3\nbucket:",
        "gateway.timeout_sec: must be a whole number, got 1e3\n    fix: write 1000",
    ),
    "Gi": (
        "topology: 2x2",
        "topology: 2x2\n    disk_gib: 200Gi",
        "node_pools.tpu.disk_gib: must be a whole number, got '200Gi'\n    fix: write 200: it counts GiB",
    ),
    "terabytes": (
        "topology: 2x2",
        "topology: 2x2\n    disk_gib: 1 TiB",
        "node_pools.tpu.disk_gib: must be a whole number, got '1 TiB'\n    fix: write 1024: it counts GiB",
    ),
    "infinity": (
        "bucket:",
        "gateway:\n  log_sample_percent: .inf\nbucket:",
        "gateway.log_sample_percent: must be a number, got '.inf'",
    ),
    "a list for a number": (
        "number: 1",
        "number: [1]",
        "regions.us.number: must be a whole number, got a list\n    fix: write 1 without brackets or hyphen",
    ),
    "a list for text": (
        "region: us-east5",
        "region: [us-east5]",
        "regions.us.region: must be text, got a list\n    fix: write us-east5 without brackets or hyphen",
    ),
    "a map for text": (
        "region: us-east5",
        "region: {name: us-east5}",
        "regions.us.region: must be text, got a map\n    fix: write one text",
    ),
    "a version that YAML takes for a number": (
        "bucket:",
        "cluster:\n  gke_version: 1.30\nbucket:",
        "cluster.gke_version: must be text, got 1.30\n    fix: put it in quotes",
    ),
    "a project's number": (
        "my-project-id",
        "123456789012",
        "project: must be text, got 123456789012\n"
        "    fix: write the project ID, not its number: `gcloud projects list` shows it",
    ),
    "zones in one text": (
        "[us-east5-b]",
        "us-east5-b, us-east5-c",
        "regions.us.zones: must be a list, got 'us-east5-b, us-east5-c'\n    fix: write ['us-east5-b', 'us-east5-c']",
    ),
    "an item without its space": (
        "zones: [us-east5-b]",
        "zones:\n      -us-east5-b",
        "regions.us.zones: must be a list, got '-us-east5-b'\n    fix: write a space behind the hyphen: '- us-east5-b'",
    ),
    "a bracket that was not opened": (
        "[us-east5-b]",
        "us-east5-b]",
        "regions.us.zones: must be a list, got 'us-east5-b]'\n    fix: write ['us-east5-b']",
    ),
    "a map for a list": (
        "[us-east5-b]",
        "{b: us-east5-b}",
        "regions.us.zones: must be a list, got a map\n    fix: write its values alone, each behind '- '",
    ),
    "arguments in one text": (
        "max_model_len: 32768",
        "extra_args: --seed=1 --foo",
        "models.gemma.server.extra_args: must be a list, got '--seed=1 --foo'\n    fix: write ['--seed=1', '--foo']",
    ),
    "arguments and values in one text": (
        "max_model_len: 32768",
        "extra_args: --enable-prefix-caching --max-num-seqs 64",
        "models.gemma.server.extra_args: must be a list, got "
        "'--enable-prefix-caching --max-num-seqs 64'\n"
        "    fix: write ['--enable-prefix-caching', '--max-num-seqs', '64']",
    ),
    "one argument and its value in one text": (
        "max_model_len: 32768",
        "extra_args: -ac.backend x",
        "models.gemma.server.extra_args: must be a list, got '-ac.backend x'\n    fix: write ['-ac.backend', 'x']",
    ),
    "a machine for a pool": (
        "tpu:\n    machine_type: ct6e-standard-4t\n    topology: 2x2\n",
        "tpu: ct6e-standard-4t\n",
        "node_pools.tpu: must be a map of settings, got 'ct6e-standard-4t'\n"
        "    fix: write {machine_type: ct6e-standard-4t}",
    ),
    "a location for a bucket": (
        "bucket:\n  location: US\n",
        "bucket: US\n",
        "bucket: must be a map of settings, got 'US'\n    fix: write {location: US}",
    ),
    "a word for a capacity": (
        "topology: 2x2",
        "topology: 2x2\n    capacity: spot",
        "node_pools.tpu.capacity: must be a map of settings, got 'spot'\n    fix: write {spot: true}",
    ),
    "a word for a token": (
        "{secret_manager: hugging-face-token}",
        "my-secret",
        "models.gemma.weights.hugging_face_token: must be a map of settings, got 'my-secret'\n"
        "    fix: write {secret_manager: my-secret}",
    ),
    "a token in the place of its secret": (
        "{secret_manager: hugging-face-token}",
        "hf_abcdefgh",
        "models.gemma.weights.hugging_face_token: must be a map of settings, got 'hf_...'\n"
        "    fix: revoke it, put the new one into Secret Manager, and write the secret's name",
    ),
    "a token in the place of a commit": (
        "005ad3404e59d6023443cb575daa05336842228a",
        "hf_abcdefgh",
        "models.gemma.weights.revision: must be a commit of 40 hexadecimal digits, got 'hf_...': take it from the "
        "history on the model's page\n"
        "    fix: revoke it, put the new one into Secret Manager, and write the secret's name",
    ),
    "a version of the token's secret": (
        "{secret_manager: hugging-face-token}",
        "{secret_manager: hugging-face-token, version: 3}",
        "models.gemma.weights.hugging_face_token.version: unknown setting 'version'\n"
        "    fix: remove it: the latest version of the secret is read",
    ),
    "a bucket for an adapter": (
        "      repository:",
        "      lora_adapters: {food: 'gs://my-models/food'}\n      repository:",
        "models.gemma.weights.lora_adapters.food: must be a map of settings, got 'gs://my-models/food'\n"
        "    fix: write {bucket_path: gs://my-models/food}",
    ),
    "another server": (
        "    server:\n",
        "    server:\n      kind: ollama\n",
        "models.gemma.server.kind: must be one of vllm, sglang, custom, got 'ollama'\n    fix: write custom",
    ),
    "an end of line in a value": (
        "      repository:",
        '      files: ["/a\\nb"]\n      repository:',
        "models.gemma.weights.files: must hold paths or patterns such as 'tokenizer*', got '/a\\nb'",
    ),
    "true for a section": (
        "    weights:",
        "    autoscaling: true\n    weights:",
        "models.gemma.autoscaling: must be a map of settings, got true\n"
        "    fix: indent its settings below it: max_replicas at least",
    ),
    "a number for a section": (
        "    weights:",
        "    autoscaling: 4\n    weights:",
        "models.gemma.autoscaling: must be a map of settings, got 4\n    fix: write {max_replicas: 4}",
    ),
    "a list of settings": (
        "bucket:\n",
        "bucket:\n  - ",
        "bucket: must be a map of settings, got a list\n    fix: remove the hyphens",
    ),
    "a list of keys with maps": (
        "  tpu:\n    machine_type: ct6e-standard-4t\n    topology: 2x2\n",
        "  - tpu:\n      machine_type: ct6e-standard-4t\n",
        "node_pools: must be a map of keys, got a list\n    fix: remove the hyphens",
    ),
    "a list of maps": (
        "  tpu:\n    machine_type: ct6e-standard-4t\n    topology: 2x2\n",
        "  - name: tpu\n    machine_type: ct6e-standard-4t\n",
        "node_pools: must be a map of keys, got a list\n"
        "    fix: write a key of your own in place of each hyphen, such as tpu:",
    ),
    "a list of words": (
        "  tpu:\n    machine_type: ct6e-standard-4t\n    topology: 2x2\n",
        "  - tpu\n",
        "node_pools: must be a map of keys, got a list\n"
        "    fix: write each as a key of its own, with what belongs to it behind the colon",
    ),
    "a list for labels": (
        "bucket:",
        "labels:\n  - team: a\nbucket:",
        "labels: must be a map of keys, got a list\n    fix: remove the hyphens",
    ),
    "a key that was forgotten": (
        "  tpu:\n    machine_type: ct6e-standard-4t\n    topology: 2x2\n",
        "  machine_type: ct6e-standard-4t\n  topology: 2x2\n",
        "node_pools: must be a map of keys, got the settings of one\n"
        "    fix: write a key of your own below it, such as tpu:, and indent them below that",
    ),
    "a repository's address": (
        "google/gemma-3-27b-it",
        "https://huggingface.co/google/gemma-3-27b-it/tree/main",
        "models.gemma.weights.repository: must read owner/name, got "
        "'https://huggingface.co/google/gemma-3-27b-it/tree/main'\n"
        "    fix: write 'google/gemma-3-27b-it'",
    ),
    "a repository's short address": (
        "google/gemma-3-27b-it",
        "hf.co/google/gemma-3-27b-it",
        "models.gemma.weights.repository: must read owner/name, got 'hf.co/google/gemma-3-27b-it'\n"
        "    fix: write 'google/gemma-3-27b-it'",
    ),
    "a repository without its owner": (
        "google/gemma-3-27b-it",
        "gemma-3-27b-it",
        "models.gemma.weights.repository: must read owner/name, got 'gemma-3-27b-it': copy both from the model's page",
    ),
    "a commit's address": (
        "005ad3404e59d6023443cb575daa05336842228a",
        "https://huggingface.co/google/gemma-3-27b-it/commit/005ad3404e59d6023443cb575daa05336842228a",
        "models.gemma.weights.revision: must be a commit of 40 hexadecimal digits, got "
        "'https://huggingface.co/google/gemma-3-27b-it/commit/005ad3404e59d6023443cb575daa05336842228a'\n"
        "    fix: write '005ad3404e59d6023443cb575daa05336842228a'",
    ),
    "a commit in capitals": (
        "005ad3404e59d6023443cb575daa05336842228a",
        "005AD3404E59D6023443CB575DAA05336842228A",
        "models.gemma.weights.revision: must be a commit of 40 hexadecimal digits, got "
        "'005AD3404E59D6023443CB575DAA05336842228A'\n"
        "    fix: write '005ad3404e59d6023443cb575daa05336842228a'",
    ),
    "a choice in the wrong case": (
        "bucket:",
        "cluster:\n  release_channel: regular\nbucket:",
        "cluster.release_channel: must be one of RAPID, REGULAR, STABLE, got 'regular'\n"
        "    fix: did you mean 'REGULAR'?",
    ),
    "a name in camel case": (
        "machine_type",
        "machineType",
        "node_pools.tpu.machineType: unknown setting 'machineType'\n    fix: did you mean 'machine_type'?",
    ),
    "a name with a hyphen": (
        "machine_type",
        "machine-type",
        "node_pools.tpu.machine-type: unknown setting 'machine-type'\n    fix: did you mean 'machine_type'?",
    ),
    "a name of another level that is like one of this": (
        "max_model_len: 32768",
        "timeout_sec: 600",
        "models.gemma.server.timeout_sec: unknown setting 'timeout_sec'\n"
        "    fix: it belongs at models.gemma.traffic.timeout_sec or gateway.timeout_sec or "
        "gateway.health_check.timeout_sec: check the indentation",
    ),
    "a near name of another level": (
        "bucket:",
        "gke_verison: '1.35'\nbucket:",
        "gke_verison: unknown setting 'gke_verison'\n    fix: did you mean cluster.gke_version?",
    ),
    "a near name of several levels": (
        "    number: 1",
        "    machine_typ: x\n    number: 1",
        "regions.us.machine_typ: unknown setting 'machine_typ'\n"
        "    fix: did you mean regions.us.node_pools.<key>.machine_type or "
        "node_pools.<key>.machine_type or cluster.system_pool.machine_type?",
    ),
    "a place for anchors": (
        "bucket:",
        "_pools: &pools {}\nbucket:",
        "_pools: unknown setting '_pools'\n    fix: write 'x-pools': keys that begin with x- may hold anchors",
    ),
    "another place for anchors": (
        "bucket:",
        "anchors: &anchors {}\nbucket:",
        "anchors: unknown setting 'anchors'\n    fix: write 'x-anchors': keys that begin with x- may hold anchors",
    ),
    "a model without its key": (
        MODELS,
        "models:\n" + "".join(f"{line[2:]}\n" for line in MODELS.splitlines()[2:]),
        "models: must be a map of keys, got the settings of one\n"
        "    fix: write a key of your own below it, such as gemma:, and indent them below that",
    ),
    "a setting beside the model's key": (
        SERVER,
        SERVER.replace("\n  ", "\n")[2:],
        "models.server: must be a setting of one key, got it beside 'gemma'\n    fix: indent it below gemma",
    ),
    "a setting in the section before it": (
        SERVER,
        "".join(f"  {line}\n" for line in SERVER.splitlines()),
        "models.gemma.weights.server: unknown setting 'server'\n"
        "    fix: it belongs at models.gemma.server: check the indentation",
    ),
    "a section of a model at the top": (
        SERVER,
        "".join(f"{line[4:]}\n" for line in SERVER.splitlines()),
        "server: unknown setting 'server'\n    fix: it belongs at models.<key>.server: check the indentation",
    ),
    "a list of models": (
        MODELS,
        "models:\n- name: llama\n  server: {image: 'docker.io/vllm/vllm-tpu:v0.27.0'}\n",
        "models: must be a map of keys, got a list\n"
        "    fix: write a key of your own in place of each hyphen, such as llama:",
    ),
    "one model in the singular": (
        "models:",
        "model:",
        "model: unknown setting 'model'\n    fix: did you mean 'models'?",
    ),
    "weights in a section of their own": (
        "bucket:",
        "model:\n  repository: google/gemma-3-27b-it\nbucket:",
        "model: unknown setting 'model'\n    fix: it belongs at models.<key>.weights",
    ),
    "servers in a section of their own": (
        "bucket:",
        "model_server:\n  image: docker.io/vllm/vllm-tpu:v0.27.0\nbucket:",
        "model_server: unknown setting 'model_server'\n    fix: it belongs at models.<key>.server",
    ),
    "autoscaling of pods at the top": (
        "bucket:",
        "autoscaling:\n  max_replicas: 4\nbucket:",
        "autoscaling: unknown setting 'autoscaling'\n"
        "    fix: it belongs at models.<key>.autoscaling: check the indentation",
    ),
    "autoscaling of nodes at the top": (
        "bucket:",
        "autoscaling:\n  max_nodes: 4\nbucket:",
        "autoscaling: unknown setting 'autoscaling'\n"
        "    fix: it belongs at node_pools.<key>.autoscaling: check the indentation",
    ),
    "a priority for all models": (
        "bucket:",
        "inference_pool:\n  objective_name: chat\nbucket:",
        "inference_pool.objective_name: unknown setting 'objective_name'\n"
        "    fix: it belongs at models.<key>.priorities",
    ),
    "one pool of a model": (
        "    weights:",
        "    node_pool: tpu\n    weights:",
        "models.gemma.node_pool: unknown setting 'node_pool'\n    fix: did you mean 'node_pools'?",
    ),
    "a version by the server's name": (
        "      max_model_len",
        "      vllm_version: '0.27.0'\n      max_model_len",
        "models.gemma.server.vllm_version: unknown setting 'vllm_version'\n    fix: did you mean 'version'?",
    ),
    "a path of the health check": (
        "bucket:",
        "gateway:\n  health_check: {path: /health}\nbucket:",
        "gateway.health_check.path: unknown setting 'path'\n    fix: it belongs at models.<key>.server.health_path",
    ),
    "an adapter that is installed by autoscaling": (
        "    weights:",
        "    autoscaling: {max_replicas: 1, install_adapter: true}\n    weights:",
        "models.gemma.autoscaling.install_adapter: unknown setting 'install_adapter'\n"
        "    fix: it belongs at cluster.metrics_adapter",
    ),
    "another tool's name in camel case": (
        "    weights:",
        "    minReplicas: 1\n    weights:",
        "models.gemma.minReplicas: unknown setting 'minReplicas'\n"
        "    fix: it belongs at models.gemma.autoscaling.min_replicas: check the indentation",
    ),
    "another tool's name of an existing channel": (
        "bucket:",
        "observability:\n  channels: {a: {kind: existing, name: projects/p/notificationChannels/1}}\nbucket:",
        "observability.channels.a.name: unknown setting 'name'\n    fix: did you mean 'id'?",
    ),
    "labels of an alert": (
        "bucket:",
        "observability:\n  alerts: {kv-cache: {labels: {severity: critical}}}\nbucket:",
        "observability.alerts.kv-cache.labels: unknown setting 'labels'\n    fix: did you mean 'severity'?",
    ),
    "labels of a channel": (
        "bucket:",
        "observability:\n  channels: {a: {kind: email, labels: {email_address: a@example.com}}}\nbucket:",
        "observability.channels.a.labels: unknown setting 'labels'\n    fix: did you mean 'address'?",
    ),
    "the type of a channel": (
        "bucket:",
        "observability:\n  channels: {a: {type: email, address: a@example.com}}\nbucket:",
        "observability.channels.a.type: unknown setting 'type'\n    fix: did you mean 'kind'?",
    ),
    "a key of PagerDuty": (
        "bucket:",
        "observability:\n  channels: {a: {kind: pagerduty, service_key: 0123456789abcdef}}\nbucket:",
        "observability.channels.a.service_key: unknown setting 'service_key'\n"
        "    fix: write secret, and behind it the name of a secret in Secret Manager; replace what "
        "stood in the file, for it is known by now",
    ),
    "a map for the name of a secret": (
        "bucket:",
        "observability:\n  channels: {a: {kind: pagerduty, secret: {secret_manager: pagerduty-key}}}\nbucket:",
        "observability.channels.a.secret: must be text, got a map\n    fix: write pagerduty-key",
    ),
    "the channels of an alert": (
        "bucket:",
        "observability:\n  alerts: {kv-cache: {notification_channels: []}}\nbucket:",
        "observability.alerts.kv-cache.notification_channels: unknown setting 'notification_channels'\n"
        "    fix: did you mean 'channels'?",
    ),
    "the duration of an alert": (
        "bucket:",
        "observability:\n  alerts: {kv-cache: {duration: 300s}}\nbucket:",
        "observability.alerts.kv-cache.duration: unknown setting 'duration'\n    fix: did you mean 'for_sec'?",
    ),
    "another name of what is watched": (
        "bucket:",
        "monitoring: {dashboard: false}\nbucket:",
        "monitoring: unknown setting 'monitoring'\n    fix: did you mean 'observability'?",
    ),
    "another type of webhook": (
        "bucket:",
        "observability:\n  channels: {a: {kind: webhook_basicauth, url: 'https://a.example.com'}}\nbucket:",
        "observability.channels.a.kind: must be one of email, pagerduty, slack, webhook, existing, got "
        "'webhook_basicauth'\n"
        "    fix: did you mean 'webhook'?",
    ),
    "a kind of channel that has no settings here": (
        "bucket:",
        "observability:\n  channels: {a: {kind: pubsub}}\nbucket:",
        "observability.channels.a.kind: must be one of email, pagerduty, slack, webhook, existing, got 'pubsub'\n"
        "    fix: write existing, and the id of a channel that was made by hand",
    ),
    "another tool's severity": (
        "bucket:",
        "observability:\n  alerts: {kv-cache: {severity: page}}\nbucket:",
        "observability.alerts.kv-cache.severity: must be one of critical, error, warning, got 'page'\n"
        "    fix: did you mean 'critical'?",
    ),
    "an alert that is turned off by a word": (
        "bucket:",
        "observability:\n  alerts: {kv-cache: off}\nbucket:",
        "observability.alerts.kv-cache: must be a map of settings, got 'off'\n    fix: write {enabled: false}",
    ),
    "an alert without a space behind it": (
        "bucket:",
        "observability:\n  alerts:\n    kv-cache:{threshold: 80}\nbucket:",
        "observability.alerts.kv-cache:{threshold: must be a map of settings, got '80}'\n"
        "    fix: write a space behind the colon: 'kv-cache: {threshold: 80}'",
    ),
    "the time to the first token": (
        "    weights:",
        "    objectives: {ttft_sec: 2.5}\n    weights:",
        "models.gemma.objectives.ttft_sec: unknown setting 'ttft_sec'\n    fix: did you mean 'first_token_sec'?",
    ),
    "an objective as a share of 1": (
        "    weights:",
        "    objectives: {availability_percent: 0.995}\n    weights:",
        "models.gemma.objectives.availability_percent: must be between 50 and 99.99, got 0.995\n"
        "    fix: write 99.5, for it counts percent",
    ),
    "an objective with a decimal comma": (
        "    weights:",
        "    objectives: {availability_percent: '99,5'}\n    weights:",
        "models.gemma.objectives.availability_percent: must be a number, got '99,5'\n    fix: write 99.5, with a point",
    ),
    "a threshold with a decimal comma": (
        "bucket:",
        "observability:\n  alerts: {request-latency: {threshold: 10,5}}\nbucket:",
        "line 23: a key must be text, got '5'\n    fix: write decimals with a point, such as 10.5",
    ),
    "a number below all": (
        "bucket:",
        "observability:\n  alerts: {kv-cache: {threshold: -1}}\nbucket:",
        "observability.alerts.kv-cache.threshold: must be between 0 and 1000000, got -1",
    ),
    "objectives by another name": (
        "    weights:",
        "    slos: {availability_percent: 99}\n    weights:",
        "models.gemma.slos: unknown setting 'slos'\n    fix: did you mean 'objectives'?",
    ),
}
"""Text of the example, what replaces it, and the expected problem."""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_value_is_reported_with_what_was_meant(tmp_path: Path, name: str) -> None:
    """Path, what must stand there, what stands there, and what to write: one problem each."""
    old, new, expected = MISTAKES[name]

    assert problems(written(tmp_path, TEXT.replace(old, new, 1))) == [expected]


def test_a_name_in_the_wrong_place_says_nothing_of_what_is_right(tmp_path: Path) -> None:
    """The token's secret is given; that a Secret with a name may have been meant is a guess, and no problem."""
    text = TEXT.replace("bucket:", "observability:\n  alerts: {kv-cache: {name: x}}\nbucket:", 1)

    [problem] = problems(written(tmp_path, text))
    assert problem.startswith("observability.alerts.kv-cache.name: unknown setting 'name'")
