"""What moto has otherwise than AWS, mended in moto itself."""

import json

from moto.rds import models


def properties_of_a_snapshot(self):
    """moto copies a cluster's own password, which one with a managed password has not."""
    properties = dict(self.__dict__)
    for name in ("backend", "master_user_secret", "tags", "deletion_protection"):
        properties.pop(name, None)
    properties["master_user_password"] = properties.pop("_master_user_password", "restored-password")
    properties["manage_master_user_password"] = False
    properties["enable_http_endpoint"] = properties.pop("_enable_http_endpoint")
    properties["vpc_security_group_ids"] = properties.pop("_vpc_security_group_ids")
    return properties


moto_switchover = models.BlueGreenDeployment.switchover


def switchover_with_instances(self):
    """moto renames the clusters, and leaves the instances where the names were."""
    moto_switchover(self)
    for instance in self.backend.databases.values():
        instance.db_cluster_identifier = instance.cluster.db_cluster_identifier


def apply(password):
    """From now on; clusters have that password in their secrets."""
    secret = json.dumps({"username": "postgres", "password": password})
    models.MasterUserSecret._generate_secret_string = lambda _self: secret
    models.DBCluster.get_cfg = properties_of_a_snapshot
    models.BlueGreenDeployment.switchover = switchover_with_instances
