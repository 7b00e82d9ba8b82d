"""Snapshots that were there before, of any region and key, and where AWS is stricter with them than moto."""

ACCOUNT = "123456789012"
MOST_ACCOUNTS = 20


def keys(kms):
    """The key that AWS manages for RDS in a region, and one of the account's own: `alias/own`."""
    known = {one.description: one for one in kms.list_keys()}
    if "own" not in known:
        for name in ("aws", "own"):
            key = kms.create_key("", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", name, None)
            known[name] = key
        known["aws"].key_manager = "AWS"
        kms.create_alias(known["own"].id, "alias/own")
    return known


def seed(store, kms, name, given):
    """A snapshot of a cluster, which is made where it is not there."""
    if given["of"] not in store.clusters:
        store.create_db_cluster({
            "db_cluster_identifier": given["of"],
            "engine": "aurora-postgresql",
            "engine_version": "16.8",
            "master_username": "postgres",
            "master_user_password": "seeded-password",
            "storage_encrypted": True,
            "tags": [],
        })
    tags = [{"Key": key, "Value": value} for key, value in given.get("tags", {}).items()]
    made = store.create_db_cluster_snapshot(given["of"], name, given.get("type", "manual"), tags)
    made.storage_encrypted = made.encrypted = made.cluster.storage_encrypted = "key" in given
    made.kms_key_id = made.cluster.kms_key_id = keys(kms)[given["key"]].arn if "key" in given else None
    made.attributes["restore"] = list(given.get("shared", []))


def by_name(params, region):
    """Moto knows an ARN where a snapshot is copied, and not where it is described."""
    arn = params.get("DBClusterSnapshotIdentifier", "")
    prefix = f"arn:aws:rds:{region}:{ACCOUNT}:cluster-snapshot:"
    return arn.removeprefix(prefix) if arn.startswith(prefix) else None


def refusal(stores, kms, action, params, region):
    """What AWS does not take, and moto does."""
    store = stores[region]
    if action == "CopyDBClusterSnapshot":
        source = params["SourceDBClusterSnapshotIdentifier"]
        there = source.split(":")[3] if source.startswith("arn:") else region
        found = stores[there].cluster_snapshots.get(source.split(":cluster-snapshot:")[-1])
        if found is None:
            return 404, "DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot not found: {source}"
        if found.storage_encrypted and there != region and "KmsKeyId" not in params:
            return 400, "InvalidParameterCombination", "A KMS key of the destination region is needed"
        if not found.storage_encrypted and "KmsKeyId" in params:
            return 400, "InvalidParameterCombination", "The source is not encrypted"
    if action == "ModifyDBClusterSnapshotAttribute":
        found = store.cluster_snapshots.get(params["DBClusterSnapshotIdentifier"])
        if found is None:
            return 404, "DBClusterSnapshotNotFoundFault", "DBClusterSnapshot not found"
        new = params.get("ValuesToAdd", [])
        if set(new) & set(found.attributes["restore"]):
            return 400, "InvalidParameterValue", "It is shared with them already"
        if new and found.storage_encrypted and ("all" in new or found.kms_key_id == keys(kms)["aws"].arn):
            return 400, "InvalidDBClusterSnapshotStateFault", "Its key cannot be shared"
    return None


def seen(store):
    return {
        name: {
            "shared": sorted(one.attributes["restore"]),
            "key": one.kms_key_id,
            "tags": {tag["Key"]: tag["Value"] for tag in one.tags},
        }
        for name, one in store.cluster_snapshots.items()
        if one.snapshot_type == "manual"
    }
