"""A stand-in for AWS that is stricter than AWS: moto, or MiniStack where the plan says so, behind a recorder.

Every request is read by botocore's own model of the service, checked (required members, types,
enums, patterns, ranges), written again by botocore's serializer and compared with what arrived:
a misspelt or superfluous name is a violation. Then a fault may be put in its place, or in the
place of its reply. Where moto is laxer than AWS (a second cluster of the same name, a parameter
group in use, states on the way) the recorder is as AWS is.

The tests steer it by POST /_recorder with JSON, and read it by GET /_recorder.
"""

import http.client
import json
import logging
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode

import botocore.session
from moto.backends import get_backend
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

# The sources are no place for what Python keeps of them.
sys.dont_write_bytecode = True
import data_api
import express
import measured
import ministack
import moto_fixes
import snapshots
import stand_ins
import upgrades
from by_model import check_json, check_query

logging.getLogger("werkzeug").setLevel(logging.ERROR)
PASSWORD = sys.argv[1]
ACCOUNT, REGION = "123456789012", "eu-central-1"
SESSION = botocore.session.get_session()
MODELS = {name: SESSION.get_service_model(name) for name in ("rds", "rds-data", "kms", "secretsmanager", "cloudwatch", "pricing", "pi")}
VERSIONS = {"13": "13.20", "14": "14.17", "15": "15.12", "16": "16.8", "17": "17.4"}
moto_fixes.apply(PASSWORD)


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.clear()

    def clear(self):
        self.calls = []
        self.violations = []
        self.plan = {}
        self.looks = {}
        self.made = {}
        self.hanging = 0
        self.pending = set()
        self.reboots = []
        self.alarms = {}
        self.awaited = set()
        self.registered = {}
        self.windows = []
        self.upgrading = {}
        self.upgrades = []
        self.copies = set()


STATE = State()
DATA = data_api.Service()
MINISTACK = ministack.MiniStack()


def backend():
    return get_backend("rds")[ACCOUNT][REGION]


def keys_of(region):
    return get_backend("kms")[ACCOUNT][region]


# Where AWS is stricter than moto.


def refusal(action, params):
    store = backend()
    name = (params.get("DBClusterIdentifier") or "").lower()
    creates = ("CreateDBCluster", "RestoreDBClusterFromSnapshot", "RestoreDBClusterToPointInTime")
    if action in creates and name in store.clusters:
        return 400, "DBClusterAlreadyExistsFault", "DB Cluster already exists"
    if action == "CreateDBCluster" and not params.get("WithExpressConfiguration") and (params.get("DBClusterParameterGroupName") or "default.") not in store.db_cluster_parameter_groups:
        return 404, "DBClusterParameterGroupNotFound", "DB cluster parameter group not found"
    if action == "DeleteDBClusterParameterGroup":
        group = params["DBClusterParameterGroupName"]
        if any(cluster.parameter_group == group for cluster in store.clusters.values()):
            return 400, "InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group"
    if action in ("ModifyDBClusterParameterGroup", "ResetDBClusterParameterGroup"):
        if params["DBClusterParameterGroupName"].startswith("default."):
            return 400, "InvalidDBParameterGroupState", "The parameter group is a default one, and cannot be modified"
        if len(params["Parameters"]) > 20:
            return 400, "InvalidParameterValue", "More than 20 parameters"
        for one in params["Parameters"]:
            apply = stand_ins.PARAMETERS.get(one["ParameterName"], ("", "", "dynamic"))[2]
            if apply == "static" and one["ApplyMethod"] == "immediate":
                return 400, "InvalidParameterCombination", "cannot use immediate apply method for static parameter"
    if action == "RegisterDBProxyTargets" and not STATE.looks.get(("DescribeDBProxies", params["DBProxyName"])):
        return 400, "InvalidDBProxyStateFault", "The proxy is being created"
    if action in ("ModifyDBCluster", "StopDBCluster", "StartDBCluster") and name not in store.clusters:
        return 404, "DBClusterNotFoundFault", f"DBCluster {name} not found."
    if action == "ModifyDBCluster" and store.clusters[name]._status == "stopped":
        return 400, "InvalidDBClusterStateFault", "The cluster is stopped"
    if action == "ModifyDBCluster" and "EngineVersion" in params:
        return upgrades.refusal(store, params, UPGRADES)
    if action == "DeleteDBInstance":
        found = store.databases.get(params["DBInstanceIdentifier"])
        if found is not None and found.cluster._status == "stopped":
            return 400, "InvalidDBClusterStateFault", "The cluster is stopped"
    return None


def products_reply(params):
    """The products that the test gave, one a page, so that there are pages."""
    wanted = {one["Field"]: one["Value"] for one in params["Filters"]}
    found = [
        product
        for product in STATE.plan.get("products", [])
        if all(product["product"]["attributes"].get(field) == value for field, value in wanted.items())
    ]
    page = int(params.get("NextToken", 0))
    reply = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(product) for product in found[page : page + 1]]}
    if page + 1 < len(found):
        reply["NextToken"] = str(page + 1)
    return json.dumps(reply).encode()


# What some versions can be upgraded to, the last of each line being none of PostgreSQL's own numbering.
UPGRADES = {
    "16.8": ["16.9", "16.10", "17.4", "17.10", "17.5", "16.8-limitless"],
    "16.10": ["17.5"],
    "17.10": [],
}


def upgrades_reply(version):
    """A version with those that AWS upgrades it to."""
    targets = [
        {"Engine": "aurora-postgresql", "EngineVersion": target, "IsMajorVersionUpgrade": target.split(".")[0] != version.split(".")[0]}
        for target in UPGRADES.get(version, [])
    ]
    one = {"Engine": "aurora-postgresql", "EngineVersion": version, "ValidUpgradeTarget": targets}
    return {"DBEngineVersions": [one]}


def version_reply(params):
    major = (params.get("EngineVersion") or "16").split(".")[0]
    entry = ""
    if major in VERSIONS:
        entry = (
            f"<DBEngineVersion><Engine>aurora-postgresql</Engine><EngineVersion>{VERSIONS[major]}</EngineVersion>"
            f"<DBParameterGroupFamily>aurora-postgresql{major}</DBParameterGroupFamily></DBEngineVersion>"
        )
    return (
        '<DescribeDBEngineVersionsResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBEngineVersionsResult>'
        f"<DBEngineVersions>{entry}</DBEngineVersions></DescribeDBEngineVersionsResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeDBEngineVersionsResponse>"
    ).encode()


def members_of(cluster):
    return {member.db_instance_identifier for member in cluster._members}


def note_restarts(action, params):
    """What waits for a restart from now on, and what no longer does."""
    store = backend()
    if action == "ModifyDBClusterParameterGroup":
        if any(one.get("ApplyMethod") == "pending-reboot" for one in params["Parameters"]):
            for cluster in store.clusters.values():
                if cluster.parameter_group == params["DBClusterParameterGroupName"]:
                    STATE.pending |= members_of(cluster)
    if action == "ModifyDBCluster" and "DBClusterParameterGroupName" in params:
        cluster = store.clusters[params["DBClusterIdentifier"]]
        if cluster.parameter_group != params["DBClusterParameterGroupName"]:
            STATE.pending |= members_of(cluster)
    if action == "RebootDBInstance":
        STATE.pending.discard(params["DBInstanceIdentifier"])
        STATE.reboots.append(params["DBInstanceIdentifier"])
        STATE.looks.pop(("DescribeDBInstances", params["DBInstanceIdentifier"]), None)


def show_restarts(body):
    for name in STATE.pending:
        member = b"<DBInstanceIdentifier>" + name.encode() + b"</DBInstanceIdentifier>"
        body = re.sub(
            b"(<DBClusterMember>(?:(?!</DBClusterMember>).)*" + member + b"(?:(?!</DBClusterMember>).)*)>in-sync<",
            rb"\1>pending-reboot<",
            body,
            flags=re.S,
        )
    return body


# States on the way: what moto has at once is seen a few times as being made.
OVERLAID = {
    "DescribeDBClusters": ("DBClusterIdentifier", b"Status"),
    "DescribeDBInstances": ("DBInstanceIdentifier", b"DBInstanceStatus"),
    "DescribeDBClusterSnapshots": ("DBClusterSnapshotIdentifier", b"Status"),
    "DescribeDBProxies": ("DBProxyName", b"Status"),
}


def deployments_on_the_way(body):
    """What has been asked for is seen once as being done."""
    for after, before in ((b"AVAILABLE", b"PROVISIONING"), (b"SWITCHOVER_COMPLETED", b"SWITCHOVER_IN_PROGRESS")):
        if after in STATE.awaited:
            STATE.awaited.discard(after)
            body = body.replace(b"<Status>" + after + b"</Status>", b"<Status>" + before + b"</Status>")
    return body


def overlay(action, params, body):
    if action == "CreateBlueGreenDeployment":
        STATE.awaited.add(b"AVAILABLE")
    if action == "SwitchoverBlueGreenDeployment":
        STATE.awaited.add(b"SWITCHOVER_COMPLETED")
    if action == "DescribeBlueGreenDeployments":
        return deployments_on_the_way(body)
    if action not in OVERLAID:
        return body
    key, element = OVERLAID[action]
    name = params.get(key)
    if name is None or b"<Error>" in body:
        return body
    looks = STATE.looks[(action, name)] = STATE.looks.get((action, name), 0) + 1
    if looks > 1:
        return body
    way = b"copying" if name in STATE.copies else b"creating"
    return re.sub(b"<" + element + b">available</" + element + b">", b"<" + element + b">" + way + b"</" + element + b">", body)


FAULTS = {
    "throttled": (400, "Throttling", "Rate exceeded"),
    "failed": (500, "InternalFailure", "An internal error occurred"),
    "unavailable": (503, "ServiceUnavailable", "Service is unavailable"),
    "expired": (403, "ExpiredToken", "The security token included in the request is expired"),
    "denied": (403, "AccessDenied", "User is not authorized to perform this action"),
    "resuming": (400, "DatabaseResumingException", "The Aurora DB instance is resuming after being auto-paused"),
}
ALREADY = {
    "CreateDBCluster": "DBClusterAlreadyExistsFault",
    "RestoreDBClusterFromSnapshot": "DBClusterAlreadyExistsFault",
    "RestoreDBClusterToPointInTime": "DBClusterAlreadyExistsFault",
    "CreateDBInstance": "DBInstanceAlreadyExists",
    "CreateDBClusterSnapshot": "DBClusterSnapshotAlreadyExistsFault",
    "CopyDBClusterSnapshot": "DBClusterSnapshotAlreadyExistsFault",
    "CreateDBClusterParameterGroup": "DBParameterGroupAlreadyExists",
    "CreateBlueGreenDeployment": "BlueGreenDeploymentAlreadyExistsFault",
    "CreateDBProxy": "DBProxyAlreadyExistsFault",
    "RegisterDBProxyTargets": "DBProxyTargetAlreadyRegisteredFault",
}


def seed(name, instances):
    """A cluster that was there before."""
    store = backend()
    store.create_db_cluster({
        "db_cluster_identifier": name,
        "engine": "aurora-postgresql",
        "engine_version": "16.8",
        "database_name": "app",
        "master_username": "postgres",
        "manage_master_user_password": not name.startswith("blue"),
        **({"master_user_password": "seeded-password"} if name.startswith("blue") else {}),
        "storage_encrypted": True,
        "backup_retention_period": 7,
        "serverless_v2_scaling_configuration": {"MinCapacity": 1.0, "MaxCapacity": 4.0},
        "enable_cloudwatch_logs_exports": ["postgresql"],
        "tags": [],
    })
    store.clusters[name]._status = "available"
    store.clusters[name]._enable_http_endpoint = name.startswith("data")
    store.clusters[name].parameter_group = "default.aurora-postgresql16"
    STATE.looks[("DescribeDBClusters", name)] = 9
    for number in range(1, instances + 1):
        member = f"{name}-{number}"
        store.create_db_instance({
            "db_instance_identifier": member,
            "db_cluster_identifier": name,
            "engine": "aurora-postgresql",
            "db_instance_class": "db.r8g.large" if name.startswith("big") else "db.serverless",
            "promotion_tier": min(number, 2) - 1,
            "tags": [],
        })
        STATE.looks[("DescribeDBInstances", member)] = 9
    if "pool" in name:
        stand_ins.seed_network(store, get_backend("ec2")[ACCOUNT][REGION], name)
    if name.startswith("pool-with"):
        stand_ins.seed_proxy(STATE, store, name)
        STATE.looks[("DescribeDBProxies", f"{name}-proxy")] = 9
    if name.startswith("blue"):
        # As blue/green deployments want it; some have one already, some were switched.
        group = store.create_db_cluster_parameter_group(f"howdah-{name}", "aurora-postgresql16", "Made by howdah, job seeded", [])
        group.update_cluster_parameters([{"ParameterName": "rds.logical_replication", "ParameterValue": "1"}])
        store.clusters[name].parameter_group = group.name
    if name in ("blue-made", "blue-switched"):
        made = store.create_blue_green_deployment({"blue_green_deployment_name": name, "source": store.clusters[name].arn})
        if name == "blue-switched":
            store.blue_green_deployments[made.blue_green_deployment_identifier].switchover()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_arguments):
        pass

    def reply(self, status, body, kind="text/xml"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def error(self, status, code, message, is_json):
        if is_json:
            body = json.dumps({"__type": code, "message": message}).encode()
            return self.reply(status, body, "application/x-amz-json-1.1")
        return self.reply(
            status,
            (
                '<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type>'
                f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
            ).encode(),
        )

    def do_GET(self):
        store = backend()
        tags = lambda one: {tag["Key"]: tag["Value"] for tag in one.tags}
        seen = {
            "calls": STATE.calls,
            "violations": STATE.violations,
            "hanging": STATE.hanging,
            "made": STATE.made,
            "pending": sorted(STATE.pending),
            "reboots": STATE.reboots,
            "upgrades": STATE.upgrades,
            "windows": STATE.windows,
            "alarms": STATE.alarms,
            "deployments": {
                one.blue_green_deployment_name: {
                    "status": one.status,
                    "source": one.source.split(":")[-1],
                    "target": one.target.split(":")[-1],
                }
                for one in store.blue_green_deployments.values()
            },
            "proxies": {
                name: {
                    "auth": one.auth,
                    "role": one.role_arn,
                    "tls": one.require_tls,
                    "subnets": len(one.vpc_subnet_ids),
                    "groups": one.vpc_security_group_ids,
                    "targets": sorted(STATE.registered.get(name, {})),
                }
                for name, one in store.db_proxies.items()
            },
            "clusters": {
                name: {
                    "tags": tags(one),
                    "members": sorted(member.db_instance_identifier for member in one._members),
                    "writer": one.writer.db_instance_identifier if one.writer else None,
                    "status": one._status,
                    "protected": one.deletion_protection,
                    "encrypted": one.storage_encrypted,
                    "retention": one.backup_retention_period,
                    "iam": one.iam_auth,
                    "port": one.port,
                    "version": one.engine_version,
                    "group": one.parameter_group,
                    "logs": one.enabled_cloudwatch_logs_exports,
                    "managed": hasattr(one, "master_user_secret"),
                    "scaling": one.serverless_v2_scaling_configuration,
                }
                for name, one in store.clusters.items()
            },
            "instances": {name: one.db_instance_class for name, one in store.databases.items()},
            "copies": snapshots.seen(store),
            "own_key": snapshots.keys(keys_of(REGION))["own"].arn,
            "snapshots": sorted(name for name in store.cluster_snapshots if not name.startswith("rds:")),
            "groups": {
                name: {key: value.get("ParameterValue") for key, value in one.parameters.items()}
                for name, one in store.db_cluster_parameter_groups.items()
            },
        }
        self.reply(200, json.dumps(seen, default=str).encode(), "application/json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/_recorder":
            order = json.loads(body)
            with STATE.lock:
                if order.get("reset"):
                    inner = http.client.HTTPConnection("127.0.0.1", MOTO, timeout=60)
                    inner.request("POST", "/moto-api/reset")
                    inner.getresponse().read()
                    STATE.clear()
                    if order.get("ministack"):
                        MINISTACK.start()
                        MINISTACK.reset()
                for name, given in order.get("seed", {}).items():
                    if isinstance(given, dict):
                        region = given.get("region", REGION)
                        snapshots.seed(get_backend("rds")[ACCOUNT][region], keys_of(region), name, given)
                        for known in (name, f"arn:aws:rds:{region}:{ACCOUNT}:cluster-snapshot:{name}"):
                            STATE.looks[("DescribeDBClusterSnapshots", known)] = 9
                    else:
                        seed(name, given)
                if "reboot" in order:
                    MINISTACK.call({"Action": "RebootDBInstance", "DBInstanceIdentifier": order["reboot"]})
                for name, group in order.get("group_of", {}).items():
                    backend().clusters[name].parameter_group = group
                # Calls are counted from 1 after each order.
                STATE.calls = []
                STATE.windows = []
                STATE.plan = order
                for name in order.get("insights", []):
                    backend().databases[name].performance_insights_enabled = True
            return self.reply(200, b"{}", "application/json")
        target = self.headers.get("X-Amz-Target")
        scope = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", self.headers.get("Authorization", ""))
        service = scope.group(2) if scope else "rds"
        service = {"monitoring": "cloudwatch"}.get(service, service)
        if service == "rds-data":
            # By its path; an error is told apart by a header, which the SDK takes from the body as well.
            target = {"/Execute": "ExecuteStatement"}.get(self.path, self.path.strip("/"))
        if target:
            action, params, problems = check_json(MODELS[service], target.split(".")[-1], body)
        else:
            action, params, problems = check_query(MODELS[service], dict(parse_qsl(body.decode(), keep_blank_values=True)))
        if not scope:
            problems.append("not signed")
        with STATE.lock:
            STATE.calls.append(action)
            STATE.violations += [f"{action}: {problem}" for problem in problems]
            fault = STATE.plan.get("fault") if STATE.plan.get("at") == len(STATE.calls) else None
            fault = STATE.plan.get("always", {}).get(action, fault)
        if problems:
            return self.error(400, "ValidationError", "; ".join(problems), bool(target))
        if fault == "hang-before":
            return self.hang()
        if fault == "cut-before":
            return self.cut()
        if fault in FAULTS:
            return self.error(*FAULTS[fault], bool(target))
        status, kind, answer = self.carry_out(service, action, params, body, scope.group(1))
        if fault == "hang-after":
            return self.hang()
        if fault == "lost":
            return self.cut()
        if fault == "truncated":
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer[: len(answer) // 2])
            self.wfile.flush()
            return self.cut()
        if fault == "already" and action in ALREADY:
            return self.error(400, ALREADY[action], "It exists already", bool(target))
        self.reply(status, answer, kind)

    def carry_out(self, service, action, params, body, region):
        if action == "CreateDBCluster" and params.get("WithExpressConfiguration"):
            refused = express.refusal(params)
            if refused:
                return 400, "text/xml", stand_ins.refusal(*refused)
        if STATE.plan.get("ministack"):
            status, kind, answer = MINISTACK.ask("POST", self.path, body, self.headers)
            if action == "CreateDBCluster" and status == 200 and params.get("WithExpressConfiguration"):
                # What it takes for an ordinary cluster has its writer at AWS.
                MINISTACK.call(express.writer_of(params))
            return status, kind, answer
        if service == "rds-data":
            return DATA.reply(STATE.plan, action, params)
        refused = refusal(action, params) or snapshots.refusal(get_backend("rds")[ACCOUNT], keys_of(region), action, params, region)
        if refused:
            status, code, message = refused
            return status, "text/xml", stand_ins.refusal(code, message)
        if action == "DescribeDBEngineVersions" and "." in params.get("EngineVersion", ""):
            return 200, "text/xml", stand_ins.answer(MODELS[service], action, upgrades_reply(params["EngineVersion"]))
        if action == "CreateDBCluster" and params.get("WithExpressConfiguration"):
            with STATE.lock:
                made = express.create(backend(), params)
                STATE.made[f"{action} {made}"] = STATE.made.get(f"{action} {made}", 0) + 1
                STATE.looks = {key: count for key, count in STATE.looks.items() if key[1] != made}
                return 200, "text/xml", stand_ins.answer(MODELS[service], action, {"DBCluster": {"DBClusterIdentifier": made, "Status": "creating"}})
        if action == "DescribeDBEngineVersions":
            return 200, "text/xml", version_reply(params)
        if action == "GetMetricData":
            with STATE.lock:
                return 200, "text/xml", measured.metrics_reply(STATE, params)
        if action in measured.INSIGHTS:
            with STATE.lock:
                return 200, "application/x-amz-json-1.1", measured.insights_reply(STATE, MODELS[service], action, params)
        # An upgrade asks for the last minutes of its cluster; what it is told depends on how it stands.
        if action in stand_ins.ACTIONS and "Duration" not in params:
            with STATE.lock:
                status, value = stand_ins.ACTIONS[action](STATE, backend(), params)
            if status == 200:
                return 200, "text/xml", stand_ins.answer(MODELS[service], action, value)
            return status, "text/xml", stand_ins.refusal(*value)
        with STATE.lock:
            note_restarts(action, params)
            upgraded = upgrades.begin(STATE, backend(), action, params)
        if upgraded is not None:
            return 200, "text/xml", stand_ins.answer(MODELS[service], action, upgraded)
        if action == "GetProducts":
            return 200, "application/x-amz-json-1.1", products_reply(params)
        if action == "SwitchoverBlueGreenDeployment" and STATE.plan.get("takes_back"):
            # What green has not in time, AWS takes back, and says so by the state alone.
            return 200, "text/xml", stand_ins.answer(MODELS[service], action, {"BlueGreenDeployment": {"Status": "AVAILABLE"}})
        if action == "DescribeBlueGreenDeployments":
            # Moto knows no pages of them.
            body = re.sub(rb"&?MaxRecords=[0-9]+", b"", body)
        if action == "DescribeDBClusterSnapshots" and snapshots.by_name(params, region):
            named = urlencode({"DBClusterSnapshotIdentifier": snapshots.by_name(params, region)}).encode()
            body = re.sub(rb"DBClusterSnapshotIdentifier=[^&]*", named, body)
        inner = http.client.HTTPConnection("127.0.0.1", MOTO, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "content-length")}
        headers["Host"] = f"{service if service in ('kms', 'secretsmanager') else 'rds'}.{region}.amazonaws.com"
        inner.request("POST", self.path, body, headers)
        reply = inner.getresponse()
        answer = reply.read()
        with STATE.lock:
            if reply.status < 300 and action.startswith(("Create", "Restore", "Copy")):
                made = params[{
                    "CopyDBClusterSnapshot": "TargetDBClusterSnapshotIdentifier",
                    "CreateDBInstance": "DBInstanceIdentifier",
                    "CreateDBClusterSnapshot": "DBClusterSnapshotIdentifier",
                    "CreateDBClusterParameterGroup": "DBClusterParameterGroupName",
                    "CreateBlueGreenDeployment": "BlueGreenDeploymentName",
                    "CreateDBProxy": "DBProxyName",
                }.get(action, "DBClusterIdentifier")]
                STATE.made[f"{action} {made}"] = STATE.made.get(f"{action} {made}", 0) + 1
                STATE.looks = {key: count for key, count in STATE.looks.items() if key[1] != made}
            if reply.status < 300 and action == "CreateDBProxy":
                # Moto loses how clients log in.
                backend().db_proxies[params["DBProxyName"]].auth = params["Auth"]
            if action == "CopyDBClusterSnapshot":
                STATE.copies.add(params["TargetDBClusterSnapshotIdentifier"])
            answer = upgrades.show(STATE, action, params, show_restarts(overlay(action, params, answer)))
            if action == "DescribeDBClusters" and "endpoint_port" in STATE.plan:
                # A server of the test is the endpoint of every cluster.
                answer = re.sub(rb"<Endpoint>[^<]+</Endpoint>", b"<Endpoint>localhost</Endpoint>", answer)
                answer = re.sub(rb"<Port>[0-9]+</Port>", f"<Port>{STATE.plan['endpoint_port']}</Port>".encode(), answer)
        return reply.status, reply.getheader("Content-Type", "text/xml"), answer

    def hang(self):
        with STATE.lock:
            STATE.hanging += 1
        # Until whoever waits for the reply is gone.
        self.connection.settimeout(120)
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.close_connection = True

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(2)
        except OSError:
            pass


def end_with_the_test():
    sys.stdin.read()
    MINISTACK.stop()
    os._exit(0)


server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
MOTO = server.get_host_and_port()[1]
recorder = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
recorder.daemon_threads = True
threading.Thread(target=end_with_the_test, daemon=True).start()
print(recorder.server_port, flush=True)
recorder.serve_forever()
