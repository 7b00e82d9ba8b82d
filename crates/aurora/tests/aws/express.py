"""Express configuration, which no emulator has: one call makes cluster and writer, in no network of the account."""

# What may be said beside it; the rest AWS lays down.
TAKEN = {"DBClusterIdentifier", "Engine", "Tags", "ServerlessV2ScalingConfiguration", "WithExpressConfiguration"}


def refusal(params):
    superfluous = sorted(set(params) - TAKEN)
    if superfluous:
        return "InvalidParameterCombination", f"With express configuration there is no {superfluous[0]}"
    return None


def writer_of(params):
    name = params["DBClusterIdentifier"]
    return {
        "Action": "CreateDBInstance",
        "DBClusterIdentifier": name,
        "DBInstanceIdentifier": f"{name}-instance-1",
        "DBInstanceClass": "db.serverless",
        "Engine": params["Engine"],
    }


def create(store, params):
    """As AWS has it afterwards."""
    name, range_of = params["DBClusterIdentifier"], params.get("ServerlessV2ScalingConfiguration", {"MinCapacity": 0.0, "MaxCapacity": 16.0})
    store.create_db_cluster({
        "db_cluster_identifier": name,
        "engine": params["Engine"],
        "engine_version": "17.4",
        "master_username": "postgres",
        # Moto wants one; it is shown to nobody.
        "master_user_password": "moto-wants-one",
        "storage_encrypted": True,
        "backup_retention_period": 1,
        "enable_iam_database_authentication": True,
        "serverless_v2_scaling_configuration": range_of,
        "tags": params.get("Tags", []),
    })
    made = store.clusters[name]
    made._status = "available"
    made.db_subnet_group_name = None
    made.parameter_group = "default.aurora-postgresql17"
    store.create_db_instance({
        "db_instance_identifier": f"{name}-instance-1",
        "db_cluster_identifier": name,
        "engine": params["Engine"],
        "db_instance_class": "db.serverless",
        "tags": [],
    })
    return name
