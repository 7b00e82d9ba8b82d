"""What of AWS moto does not have, or has otherwise, in the recorder: replies are written by
botocore's model, so that none has what AWS would not say."""

import datetime
import re
import time


def written(shape, value, name):
    """A value as XML, by the model: what the model does not know is an error here."""
    if shape.type_name == "structure":
        inner = ""
        for key, one in value.items():
            member = shape.members[key]
            inner += written(member, one, member.serialization.get("name", key))
        return f"<{name}>{inner}</{name}>"
    if shape.type_name == "list":
        flat_list = shape.serialization.get("flattened")
        item = name if flat_list else shape.member.serialization.get("name", "member")
        inner = "".join(written(shape.member, one, item) for one in value)
        return inner if flat_list else f"<{name}>{inner}</{name}>"
    text = (str(value).lower() if isinstance(value, bool) else str(value)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{name}>{text}</{name}>"


def answer(model, action, value):
    """A reply as the service writes it."""
    shape = model.operation_model(action).output_shape
    inner = "" if shape is None else written(shape, value, f"{action}Result")
    return f"<{action}Response>{inner}<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>".encode()


def refusal(code, message):
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>r</RequestId></ErrorResponse>"
    ).encode()


def page_of(all_of_them, token, size):
    """Some of them, and the token for the next."""
    begin = int(token or 0)
    more = begin + size < len(all_of_them)
    return all_of_them[begin : begin + size], str(begin + size) if more else None


# The parameters of a cluster's family that the tests know, as AWS describes them.
PARAMETERS = {
    "autovacuum_vacuum_scale_factor": ("float", "0-100", "dynamic", True, None),
    "log_line_prefix": ("string", "", "dynamic", False, "%t:%r:%u@%d:[%p]:"),
    "log_min_duration_statement": ("integer", "-1-2147483647", "dynamic", True, None),
    "max_connections": ("integer", "6-262143", "static", True, "LEAST({DBInstanceClassMemory/9531392},5000)"),
    "rds.force_ssl": ("boolean", "0,1", "dynamic", True, "1"),
    "rds.logical_replication": ("boolean", "0,1", "static", True, "0"),
    "shared_preload_libraries": ("list", "auto_explain,pg_cron,pg_hint_plan,pg_stat_statements", "static", True, "pg_stat_statements"),
    **{f"made_up_{number:02}": ("integer", "0-100", "dynamic", True, "1") for number in range(30)},
}


def describe_parameters(_state, backend, params):
    """Moto has none but those that were set."""
    group, store = params["DBClusterParameterGroupName"], backend.db_cluster_parameter_groups
    if not group.startswith("default.") and group not in store:
        return 404, ("DBParameterGroupNotFound", f"DBClusterParameterGroup not found: {group}")
    given = {} if group.startswith("default.") else store[group].parameters
    all_of_them = []
    for name in sorted(set(PARAMETERS) | set(given)):
        kind, allowed, apply, modifiable, value = PARAMETERS.get(name, ("string", "", "dynamic", True, None))
        is_set = bool(given.get(name))
        if params.get("Source") == "user" and not is_set:
            continue
        value = given[name]["ParameterValue"] if is_set else value
        one = {
            "ParameterName": name,
            "DataType": kind,
            "AllowedValues": allowed,
            "ApplyType": apply,
            "IsModifiable": modifiable,
            "Source": "user" if is_set else "engine-default",
        }
        all_of_them.append(one if value is None else {**one, "ParameterValue": value})
    some, marker = page_of(all_of_them, params.get("Marker"), 10)
    return 200, {"Parameters": some, **({"Marker": marker} if marker else {})}


def reset_parameters(_state, backend, params):
    group = params["DBClusterParameterGroupName"]
    for one in params["Parameters"]:
        backend.db_cluster_parameter_groups[group].parameters.pop(one["ParameterName"], None)
    return 200, {"DBClusterParameterGroupName": group}


def describe_groups(_state, backend, params):
    """Moto does not have the default ones."""
    name = params.get("DBClusterParameterGroupName", "")
    found = [
        {"DBClusterParameterGroupName": one.name, "DBParameterGroupFamily": one.db_parameter_group_family, "Description": one.description}
        for one in backend.db_cluster_parameter_groups.values()
    ]
    family = "aurora-postgresql16"
    found.append({"DBClusterParameterGroupName": f"default.{family}", "DBParameterGroupFamily": family, "Description": "Default"})
    found = [one for one in found if name in ("", one["DBClusterParameterGroupName"])]
    if not found:
        return 404, ("DBParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}")
    return 200, {"DBClusterParameterGroups": found}


def put_alarm(state, _backend, params):
    state.alarms[params["AlarmName"]] = params
    return 200, {}


def put_composite(state, _backend, params):
    unknown = [name for name in re.findall(r'ALARM\("([^"]*)"\)', params["AlarmRule"]) if name not in state.alarms]
    unknown += [name for name in [params.get("ActionsSuppressor")] if name and name not in state.alarms]
    if unknown:
        return 400, ("ValidationError", f"There is no alarm {unknown[0]}")
    state.alarms[params["AlarmName"]] = params
    return 200, {}


def delete_alarms(state, _backend, params):
    names = params["AlarmNames"]
    if any(name not in state.alarms for name in names):
        return 404, ("ResourceNotFound", "Some of them are not there")
    if sum("AlarmRule" in state.alarms[name] for name in names) > 1:
        return 400, ("ValidationError", "More than one composite alarm in a call")
    for name in names:
        del state.alarms[name]
    return 200, {}


def describe_alarms(state, _backend, params):
    """Five a page, so that there are pages. Which have gone off, the test says."""
    gone_off = state.plan.get("gone_off", [])
    some, token = page_of(sorted(state.alarms), params.get("NextToken"), 5)
    result = {"MetricAlarms": [], "CompositeAlarms": []}
    for name in some:
        if not name.startswith(params.get("AlarmNamePrefix", "")):
            continue
        one = {key: value for key, value in state.alarms[name].items() if key != "Tags"}
        one["StateValue"] = "ALARM" if name in gone_off else "OK"
        result["CompositeAlarms" if "AlarmRule" in one else "MetricAlarms"].append(one)
    if token:
        result["NextToken"] = token
    return 200, result


def describe_logs(state, _backend, params):
    """What the test gave, one a page. AWS keeps them by instance."""
    given = state.plan.get("logs", {}).get(params["DBInstanceIdentifier"], {})
    names = [name for name in sorted(given) if params.get("FilenameContains", "") in name]
    some, marker = page_of(names, params.get("Marker"), 1)
    files = [{"LogFileName": name, "LastWritten": given[name]["written"], "Size": len(given[name]["text"])} for name in some]
    return 200, {"DescribeDBLogFiles": files, **({"Marker": marker} if marker else {})}


def download_log(state, _backend, params):
    """Sixty-four letters at a time."""
    given = state.plan.get("logs", {}).get(params["DBInstanceIdentifier"], {})
    if params["LogFileName"] not in given:
        return 404, ("DBLogFileNotFoundFault", f"DBLog File: {params['LogFileName']}, is not found on the DB instance")
    text, begin = given[params["LogFileName"]]["text"], int(params.get("Marker", 0))
    end = begin + 64
    return 200, {"LogFileData": text[begin:end], "Marker": str(end), "AdditionalDataPending": end < len(text)}


def describe_events(state, _backend, params):
    """What the test gave, by seconds before now, two a page. AWS keeps them for 14 days."""
    seconds = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    now = time.time()
    begin, end = seconds(params["StartTime"]), seconds(params["EndTime"])
    if begin < now - 14 * 86400 - 60 or end > now + 5 or begin >= end:
        return 400, ("InvalidParameterValue", "The times are not within the last 14 days")
    found = [
        one
        for one in state.plan.get("events", [])
        if (one["kind"], one["of"]) == (params["SourceType"], params["SourceIdentifier"]) and begin <= now - one["ago"] <= end
    ]
    some, marker = page_of(sorted(found, key=lambda one: -one["ago"]), params.get("Marker"), 2)
    events = [
        {
            "SourceIdentifier": one["of"],
            "SourceType": one["kind"],
            "Message": one["message"],
            "EventCategories": one["categories"],
            "Date": datetime.datetime.fromtimestamp(int(now - one["ago"]), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        for one in some
    ]
    return 200, {"Events": events, **({"Marker": marker} if marker else {})}


def seed_network(store, ec2, name):
    """Some clusters are in a network with subnets in several zones, some of one zone, some in none."""
    cluster = store.clusters[name]
    if name.endswith("-nowhere"):
        cluster.db_subnet_group_name = None
        return
    subnets = sorted(ec2.describe_subnets(), key=lambda one: one.id)
    if name.endswith("-narrow"):
        subnets = subnets[:1]
    group = f"subnets-of-{name}"
    store.create_subnet_group(group, "Made by the test", subnets, [])
    cluster.db_subnet_group_name = group
    cluster.vpc_security_group_ids = [ec2.get_default_security_group(subnets[0].vpc_id).id]


def seed_proxy(state, store, name):
    """A proxy that was there before: Howdah's, or somebody else's."""
    cluster, proxy = store.clusters[name], f"{name}-proxy"
    store.create_db_proxy(
        proxy, "POSTGRESQL",
        [{"AuthScheme": "SECRETS", "SecretArn": cluster.master_user_secret.secret_arn, "IAMAuth": "REQUIRED" if name.endswith("-iam") else "DISABLED"}],
        "arn:aws:iam::123456789012:role/proxies",
        [one.id for one in store.subnet_groups[cluster.db_subnet_group_name]._subnets],
        cluster.vpc_security_group_ids, True, None, None,
        [] if name.endswith("-other") else [{"Key": "howdah:job", "Value": "seeded"}],
    )
    state.registered[proxy] = {name: 9}


def register_targets(state, store, params):
    proxy = params["DBProxyName"]
    if proxy not in store.db_proxies:
        return 404, ("DBProxyNotFoundFault", f"DBProxy {proxy} not found")
    there = state.registered.setdefault(proxy, {})
    for name in params["DBClusterIdentifiers"]:
        if name in there:
            return 400, ("DBProxyTargetAlreadyRegisteredFault", f"{name} is a target already")
        there[name] = 0
    return 200, {"DBProxyTargets": [{"RdsResourceId": name, "Type": "TRACKED_CLUSTER"} for name in params["DBClusterIdentifiers"]]}


def describe_targets(state, store, params):
    """Moto has no instances among them, and all of them well. At first they are registering; then as the test says."""
    proxy = params["DBProxyName"]
    if proxy not in store.db_proxies:
        return 404, ("DBProxyNotFoundFault", f"DBProxy {proxy} not found")
    found = []
    for name, looks in state.registered.get(proxy, {}).items():
        state.registered[proxy][name] = looks + 1
        found.append({"RdsResourceId": name, "Type": "TRACKED_CLUSTER"})
        for member in store.clusters[name]._members if looks and name in store.clusters else []:
            health = {"State": "REGISTERING"} if looks == 1 else state.plan.get("health", {"State": "AVAILABLE"})
            found.append({
                "RdsResourceId": member.db_instance_identifier,
                "TrackedClusterId": name,
                "Type": "RDS_INSTANCE",
                "Port": 5432,
                "Role": "READ_WRITE" if member is store.clusters[name].writer else "READ_ONLY",
                "TargetHealth": health,
            })
    return 200, {"Targets": found}


def delete_proxy(state, store, params):
    """Moto answers an unknown one by a fault of its own."""
    proxy = params["DBProxyName"]
    if proxy not in store.db_proxies:
        return 404, ("DBProxyNotFoundFault", f"DBProxy {proxy} not found")
    store.delete_db_proxy(proxy)
    state.registered.pop(proxy, None)
    return 200, {"DBProxy": {"DBProxyName": proxy, "Status": "deleting"}}


ACTIONS = {
    "RegisterDBProxyTargets": register_targets,
    "DescribeDBProxyTargets": describe_targets,
    "DeleteDBProxy": delete_proxy,
    "DescribeEvents": describe_events,
    "DescribeDBLogFiles": describe_logs,
    "DownloadDBLogFilePortion": download_log,
    "DescribeDBClusterParameters": describe_parameters,
    "DescribeDBClusterParameterGroups": describe_groups,
    "ResetDBClusterParameterGroup": reset_parameters,
    "PutMetricAlarm": put_alarm,
    "PutCompositeAlarm": put_composite,
    "DeleteAlarms": delete_alarms,
    "DescribeAlarms": describe_alarms,
}
