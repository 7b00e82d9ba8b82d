"""What CloudWatch and Performance Insights have measured, in the recorder: what the test gave.

Moto's own CloudWatch takes minutes for two weeks of values, and it has no Performance Insights."""

import datetime
import json
from collections import defaultdict

from botocore.validate import ParamValidator

MINUTE = 60


def seconds(given):
    if isinstance(given, (int, float)):
        return int(given)
    return int(datetime.datetime.fromisoformat(str(given).replace("Z", "+00:00")).timestamp())


def values_of(metric, stat, start, end):
    """Moments and values: those of `points` by their time, or `values` over and over up to the end."""
    period = int(stat["Period"])
    if "points" in metric:
        spans = defaultdict(list)
        for at, value in metric["points"]:
            if start <= at < end:
                spans[at - at % period].append(value)
        pick = {"Maximum": max, "Minimum": min}.get(stat["Stat"], lambda values: sum(values) / len(values))
        return sorted((at, pick(values)) for at, values in spans.items())
    known, count = metric["values"], metric["hours"] * 3600 // period
    found = []
    for number in range(count):
        one = known[number % len(known)] if period == 300 else sum(known) / len(known)
        found.append((end - period * (count - number), {"Maximum": max(known), "Minimum": min(known)}.get(stat["Stat"], one)))
    return found


def metrics_reply(state, params):
    """Some questions a page."""
    given = {(one["name"], one["of"]): one for one in state.plan.get("metrics", [])}
    start, end = seconds(params["StartTime"]), seconds(params["EndTime"])
    page = int(params.get("NextToken", 0))
    if page == 0:
        periods = {int(query["MetricStat"]["Period"]) for query in params["MetricDataQueries"]}
        state.windows.append([start, end, *sorted(periods), len(params["MetricDataQueries"])])
    results = []
    for query in params["MetricDataQueries"][page : page + 5]:
        stat = query["MetricStat"]
        dimension = stat["Metric"]["Dimensions"][0]
        metric = given.get((stat["Metric"]["MetricName"], dimension["Value"]))
        found = values_of(metric, stat, start, end) if metric and metric["kind"] == dimension["Name"] else []
        results.append(
            f"<member><Id>{query['Id']}</Id><StatusCode>Complete</StatusCode><Timestamps>"
            + "".join(f"<member>{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}</member>" for at, _ in found)
            + "</Timestamps><Values>"
            + "".join(f"<member>{value}</member>" for _, value in found)
            + "</Values></member>"
        )
    more = f"<NextToken>{page + 5}</NextToken>" if page + 5 < len(params["MetricDataQueries"]) else ""
    return (
        f"<GetMetricDataResponse><GetMetricDataResult><MetricDataResults>{''.join(results)}</MetricDataResults>{more}"
        "</GetMetricDataResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetMetricDataResponse>"
    ).encode()


# Sessions at work, as the test gave them: at which minute, how many, waiting for what, with which statement, of whom.


def dimensions(group, one):
    if group == "db.wait_event":
        kind, name = one["wait"]
        return {"db.wait_event.type": kind, "db.wait_event.name": name}
    if group == "db.sql_tokenized":
        number, text = one["statement"]
        return {"db.sql_tokenized.id": f"T{number}", "db.sql_tokenized.db_id": str(number), "db.sql_tokenized.statement": text}
    return {"db.user.id": one["user"], "db.user.name": one["user"]}


def keyed(group, one):
    return tuple(sorted(dimensions(group, one).items()))


def sessions(state, params):
    start, end = seconds(params["StartTime"]), seconds(params["EndTime"])
    return start, end, [one for one in state.plan.get("load", []) if start <= one["at"] < end]


def page_of(all_of_them, params, size):
    begin = int(params.get("NextToken", 0))
    more = {"NextToken": str(begin + size)} if begin + size < len(all_of_them) else {}
    return all_of_them[begin : begin + size], more


def resource_metrics(state, params):
    start, end, found = sessions(state, params)
    if "NextToken" not in params:
        state.windows.append([start, end, params["PeriodInSeconds"], len(params["MetricQueries"])])
    # A minute that is not given was not looked at; one without sessions is given with a load of 0.
    minutes = sorted({one["at"] for one in found})
    courses = []
    for query in params["MetricQueries"]:
        group = query["GroupBy"]["Group"]
        by = defaultdict(lambda: defaultdict(float))
        for one in found:
            by[()][one["at"]] += one["load"]
            if one["load"]:
                by[keyed(group, one)][one["at"]] += one["load"]
        for key, loads in by.items():
            points = [{"Timestamp": at, "Value": loads.get(at, 0.0)} for at in minutes]
            courses.append({"Key": {"Metric": query["Metric"], **({"Dimensions": dict(key)} if key else {})}, "DataPoints": points})
    some, more = page_of(courses, params, 4)
    return {"AlignedStartTime": start, "AlignedEndTime": end, "Identifier": params["Identifier"], "MetricList": some, **more}


def dimension_keys(state, params):
    start, end, found = sessions(state, params)
    group, partition = params["GroupBy"]["Group"], params["PartitionBy"]["Group"]
    partitions = sorted({keyed(partition, one) for one in found})
    loads = defaultdict(lambda: [0.0] * len(partitions))
    for one in found:
        loads[keyed(group, one)][partitions.index(keyed(partition, one))] += one["load"] * MINUTE / (end - start)
    keys = [{"Dimensions": dict(key), "Total": sum(parts), "Partitions": parts} for key, parts in loads.items()]
    some, more = page_of(keys, params, 2)
    return {
        "AlignedStartTime": start,
        "AlignedEndTime": end,
        "PartitionKeys": [{"Dimensions": dict(key)} for key in partitions],
        "Keys": some,
        **more,
    }


INSIGHTS = {"GetResourceMetrics": resource_metrics, "DescribeDimensionKeys": dimension_keys}


def insights_reply(state, model, action, params):
    """By the model: what it does not know is an error here."""
    reply = INSIGHTS[action](state, params)
    report = ParamValidator().validate(reply, model.operation_model(action).output_shape)
    assert not report.has_errors(), report.generate_report()
    return json.dumps(reply).encode()
