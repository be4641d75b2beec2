"""S3 on an object store of the profile: botocore, path style, through a tunnel or straight to where the profile says.

Botocore's own retries are off: a probe that waits does so itself, and a retry would hide what is judged.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from roadworthy import evidence
from roadworthy.cluster.http import HttpReply
from roadworthy.cluster.object_store import S3Refused

if TYPE_CHECKING:
    from roadworthy.cluster.access import Access
    from roadworthy.cluster.tunnel import Tunnel

_CONNECT, _READ = 5.0, 60.0
#: What of a request and an answer goes into the evidence. Characters.
_SHOWN = 600


class LiveStore:
    """See ``ObjectStore``. ``where``: the base URL; ``keys``: the access key and the secret key."""

    def __init__(
        self, name: str, where: str, keys: tuple[str, str], region: str, tunnel: Tunnel | None, access: Access
    ) -> None:
        self._name, self._where, self._keys, self._region = name, where, keys, region
        self._tunnel, self._access = tunnel, access

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            connect_timeout=_CONNECT,
            read_timeout=_READ,
            # Older servers know no checksums in trailers; where one is wanted it is asked for.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        # A session of our own: the default one reads ~/.aws, and an instance's metadata.
        session = boto3.session.Session(*self._keys, region_name=self._region)
        return session.client("s3", endpoint_url=self._where, config=config)

    def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Call an operation."""
        from botocore.exceptions import BotoCoreError, ClientError

        began, words = time.monotonic(), _shown(arguments)
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
            if hasattr(answer.get("Body"), "read"):
                answer["Body"] = answer["Body"].read()
        except ClientError as error:
            code, status = _refusal(error.response)
            told = str(error.response.get("Error", {}).get("Message", ""))
            self._record(operation, f"{words}\n-> {status} {code}: {told}", began)
            said = f"{self._name} refuses {operation} {words}: {status} {code}: {told}"
            raise S3Refused(said, code, status) from error
        except (BotoCoreError, HTTPError, OSError) as error:
            self._record(operation, f"{words}\n-> {error}", began)
            raise self._unreached(f"{operation} {words}", error) from error
        self._record(operation, f"{words}\n-> {_shown(answer)}", began)
        return answer

    def presigned(self, operation: str, seconds: int, **arguments: Any) -> str:
        """Return the URL."""
        url: str = self._client.generate_presigned_url(operation, Params=arguments, ExpiresIn=seconds)
        return url

    def fetch(self, url: str) -> HttpReply:
        """GET it."""
        return self._send("GET", url, {})

    def signed(self, method: str, path: str, params: Mapping[str, str] | None = None) -> HttpReply:
        """Send it."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        url = self._where + path + (f"?{urlencode(params)}" if params else "")
        request = AWSRequest(method=method, url=url, data=b"")
        S3SigV4Auth(Credentials(*self._keys), "s3", self._region).add_auth(request)
        return self._send(method, url, dict(request.headers.items()))

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> HttpReply:
        began, shown = time.monotonic(), url.partition("?")[0]
        try:
            with urllib3.PoolManager(retries=False) as pool:
                timeout = urllib3.Timeout(connect=_CONNECT, read=_READ)
                answer = pool.request(method, url, headers=dict(headers), redirect=False, timeout=timeout)
        except (HTTPError, OSError) as error:
            raise self._unreached(f"{method} {shown}", error) from error
        self._record(f"{method} {shown}", f"-> {answer.status} {answer.data[:200]!r}", began)
        return HttpReply(answer.status, answer.headers, answer.data.decode(errors="replace"), shown)

    def _unreached(self, what: str, error: Exception) -> Exception:
        """Return what it amounts to that there was no answer: the tunnel knows best."""
        if self._tunnel is not None and self._tunnel.failure is not None:
            why = self._tunnel.failure
            return AssertionError(f"{self._name} is not reached: {why}") if isinstance(why, AssertionError) else why
        self._access.request("GET", "/livez", timeout=5.0)  # Unknown when it is we who are cut off
        return AssertionError(f"{self._name}: {what} is not answered: {str(error).rpartition('>: ')[2][:300]}")

    def _record(self, title: str, text: str, began: float) -> None:
        evidence.record("s3", f"{self._name}: {title} ({time.monotonic() - began:.2f} s)", text)


def _refusal(response: Mapping[str, Any]) -> tuple[str, int]:
    code = str(response.get("Error", {}).get("Code", ""))
    return code, int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _shown(arguments: Mapping[str, Any]) -> str:
    """Return arguments or an answer on one line; a body by its size."""
    parts = {key: value for key, value in arguments.items() if key != "ResponseMetadata"}
    words = (f"{k}={f'{len(v)} bytes' if isinstance(v, bytes | bytearray) else v}" for k, v in parts.items())
    return " ".join(words)[:_SHOWN]
