"""Upgrades of clusters as AWS does them, where moto changes a number: what is refused, what is seen on the way, and that it
may go back."""

import re

# What is said of an upgrade that AWS takes back.
REFUSED = "Upgrade prechecks failed: The instance could not be upgraded because it has logical replication slots"


def major_of(version):
    return version.split(".")[0]


def refusal(store, params, possible):
    cluster, wanted = store.clusters[params["DBClusterIdentifier"]], params["EngineVersion"]
    if wanted == cluster.engine_version:
        return None
    if wanted not in possible.get(cluster.engine_version, []):
        return 400, "InvalidParameterCombination", f"Cannot upgrade aurora-postgresql from {cluster.engine_version} to {wanted}"
    if major_of(wanted) == major_of(cluster.engine_version):
        return None
    if not params.get("AllowMajorVersionUpgrade"):
        return 400, "InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
    group = params.get("DBClusterParameterGroupName") or cluster.parameter_group
    if group.startswith("default."):
        return None
    if group not in store.db_cluster_parameter_groups:
        return 404, "DBParameterGroupNotFound", f"DBClusterParameterGroup not found: {group}"
    family = store.db_cluster_parameter_groups[group].db_parameter_group_family
    if family != f"aurora-postgresql{major_of(wanted)}":
        return 400, "InvalidParameterCombination", f"The parameter group {group} with family {family} cannot be used for this upgrade"
    return None


def begin(state, store, action, params):
    """In the window, or where it is to be taken back, nothing is changed; else the cluster is seen as it was for a while."""
    if action == "ModifyDBCluster" and "EngineVersion" in params:
        name, wanted = params["DBClusterIdentifier"], params["EngineVersion"]
        cluster = store.clusters[name]
        if wanted == cluster.engine_version:
            return None
        state.upgrades.append({key: value for key, value in params.items() if key != "DBClusterIdentifier"})
        before = cluster.engine_version
        if not params.get("ApplyImmediately"):
            state.upgrading[name] = {"waits": wanted}
            return {"DBCluster": {"DBClusterIdentifier": name}}
        state.upgrading[name] = {"looks": 2, "before": before}
        if state.plan.get("takes_back"):
            return {"DBCluster": {"DBClusterIdentifier": name}}
        cluster.engine_version = wanted
        cluster.parameter_group = params.get("DBClusterParameterGroupName") or (
            cluster.parameter_group if major_of(before) == major_of(wanted) else f"default.aurora-postgresql{major_of(wanted)}"
        )
        return {"DBCluster": {"DBClusterIdentifier": name}}
    if action == "DescribeEvents":
        name = params["SourceIdentifier"]
        told = [REFUSED] if state.plan.get("takes_back") else ["Upgrade in progress: Performing online pre-upgrade checks."]
        events = [{"SourceIdentifier": name, "SourceType": "db-cluster", "Message": text} for text in told]
        return {"Events": events}
    return None


def show(state, action, params, body):
    """On the way a cluster is upgrading, with its old version; what waits is among what is pending."""
    seen = state.upgrading.get(params.get("DBClusterIdentifier"))
    if action != "DescribeDBClusters" or seen is None or b"<Error>" in body:
        return body
    if "waits" in seen:
        pending = f"<PendingModifiedValues><EngineVersion>{seen['waits']}</EngineVersion></PendingModifiedValues></DBCluster>"
        return body.replace(b"</DBCluster>", pending.encode(), 1)
    if seen["looks"] <= 0:
        return body
    seen["looks"] -= 1
    body = re.sub(b"<EngineVersion>[^<]*</EngineVersion>", f"<EngineVersion>{seen['before']}</EngineVersion>".encode(), body)
    return body.replace(b"<Status>available</Status>", b"<Status>upgrading</Status>", 1)
