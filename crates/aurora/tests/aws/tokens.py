"""The tokens that botocore makes for the cases on standard input, one JSON object a line."""

import datetime
import json
import sys

import botocore.auth
import botocore.session
from botocore.credentials import Credentials
from botocore.signers import generate_db_auth_token

session = botocore.session.Session()
clients = {}

for line in sys.stdin:
    case = json.loads(line)
    at = datetime.datetime.fromtimestamp(case["at"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda at=at: at
    client = clients.get(case["region"])
    if client is None:
        client = clients[case["region"]] = session.create_client("rds", region_name=case["region"])
    client._request_signer._credentials = Credentials(case["key"], case["secret"], case["session"])
    print(generate_db_auth_token(client, case["host"], case["port"], case["user"]))
