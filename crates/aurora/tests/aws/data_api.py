"""The RDS Data API, in front of a real PostgreSQL server that the test has started.

As the service does: values typed, unsupported types refused, an answer above 1 MiB or a row above
64 KiB refused with the loss of the transaction, errors of the server in the service's words,
`:name` outside of strings taken for a parameter. Server sessions are pooled and not reset between
transactions, which the service does not promise either: so what is left behind would show."""

import json
import re
import socket
import struct
import threading
import uuid

ROW_MAX, ANSWER_MAX = 64 * 1024, 1024 * 1024
# OID: the name, and how a value is given.
TYPES = {
    16: ("bool", lambda text: {"booleanValue": text == "t"}),
    20: ("int8", lambda text: {"longValue": int(text)}),
    21: ("int2", lambda text: {"longValue": int(text)}),
    23: ("int4", lambda text: {"longValue": int(text)}),
    700: ("float4", lambda text: {"doubleValue": float(text)}),
    701: ("float8", lambda text: {"doubleValue": float(text)}),
    **{
        oid: (name, lambda text: {"stringValue": text})
        for oid, name in (
            (25, "text"), (1043, "varchar"), (114, "json"), (3802, "jsonb"), (1700, "numeric"), (2950, "uuid"), (650, "cidr"),
            (869, "inet"), (1082, "date"), (1083, "time"), (1114, "timestamp"), (1184, "timestamptz"),
        )
    },
    2278: ("void", lambda text: {"stringValue": text}),
}


class ServerError(Exception):
    def __init__(self, body):
        fields = {chr(field[0]): field[1:].decode() for field in body.split(b"\0") if field}
        text = f"{fields['S']}: {fields['M']}"
        for name, code in (("Detail", "D"), ("Hint", "H"), ("Position", "P"), ("Where", "W")):
            if code in fields:
                text += f"\n  {name}: {fields[code]}"
        super().__init__(f"{text}; SQLState: {fields['C']}")


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


class Session:
    """A session of the server, by the extended protocol."""

    def __init__(self, server, database):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(server["socket"])
        self.file = self.socket.makefile("rb")
        body = struct.pack(">i", 196608) + b"".join(
            name.encode() + b"\0" + value.encode() + b"\0"
            for name, value in (("user", server["user"]), ("database", database), ("client_encoding", "UTF8"))
        )
        self.socket.sendall(struct.pack(">i", len(body) + 5) + body + b"\0")
        self.until_ready()

    def exactly(self, count):
        taken = self.file.read(count)
        if len(taken) < count:
            raise OSError("the server is gone")
        return taken

    def until_ready(self):
        columns, rows, tag, error = None, [], "", None
        while True:
            kind, length = struct.unpack(">ci", self.exactly(5))
            body = self.exactly(length - 4)
            if kind == b"E":
                error = error or ServerError(body)
            elif kind == b"T":
                columns, at = [], 2
                for _ in range(struct.unpack(">h", body[:2])[0]):
                    end = body.index(b"\0", at)
                    columns.append((body[at:end].decode(), struct.unpack(">I", body[end + 7 : end + 11])[0]))
                    at = end + 19
            elif kind == b"D":
                row, at = [], 2
                for _ in range(struct.unpack(">h", body[:2])[0]):
                    size = struct.unpack(">i", body[at : at + 4])[0]
                    at += 4
                    row.append(None if size < 0 else body[at : at + size].decode())
                    at += max(size, 0)
                rows.append(row)
            elif kind == b"C":
                tag = body[:-1].decode()
            elif kind == b"Z":
                if error:
                    raise error
                return columns, rows, tag

    def run(self, sql):
        def message(kind, body):
            return kind + struct.pack(">i", len(body) + 4) + body

        self.socket.sendall(
            message(b"P", b"\0" + sql.encode() + b"\0\0\0")
            + message(b"B", b"\0\0\0\0\0\0\0\0")
            + message(b"D", b"P\0")
            + message(b"E", b"\0\0\0\0\0")
            + message(b"S", b"")
        )
        return self.until_ready()


class Service:
    def __init__(self):
        self.lock = threading.Lock()
        self.transactions = {}
        self.idle = {}

    def session(self, server, database):
        with self.lock:
            found = self.idle.get(database, [])
            if found:
                return found.pop()
        return Session(server, database)

    def give_back(self, database, session):
        with self.lock:
            self.idle.setdefault(database, []).append(session)

    def reply(self, plan, action, params):
        try:
            answer = json.dumps(self.answer(plan, action, params), ensure_ascii=False).encode()
            if len(answer) > ANSWER_MAX:
                self.too_large(params)
            return 200, "application/json", answer
        except ServerError as error:
            return 400, "application/json", json.dumps({"__type": "DatabaseErrorException", "message": str(error)}).encode()
        except Refused as error:
            return error.status, "application/json", json.dumps({"__type": error.code, "message": str(error)}).encode()

    def answer(self, plan, action, params):
        server = plan["server"]
        if params["resourceArn"].split(":")[-1] not in server["clusters"]:
            raise Refused(404, "NotFoundException", "HttpEndpoint not found")
        if action == "BeginTransaction":
            session = self.session(server, params["database"])
            session.run("BEGIN")
            name = uuid.uuid4().hex
            with self.lock:
                self.transactions[name] = (session, params["database"], threading.Lock())
            return {"transactionId": name}
        if action == "ExecuteStatement":
            return self.execute(plan, params)
        session, database, turn = self.transaction(params["transactionId"])
        with turn:
            with self.lock:
                if self.transactions.pop(params["transactionId"], None) is None:
                    raise Refused(404, "TransactionNotFoundException", f"Transaction {params['transactionId']} is not found")
            try:
                session.run("COMMIT" if action == "CommitTransaction" else "ROLLBACK")
            finally:
                self.give_back(database, session)
        return {"transactionStatus": "Transaction Committed" if action == "CommitTransaction" else "Rollback Complete"}

    def transaction(self, name):
        with self.lock:
            if name not in self.transactions:
                raise Refused(404, "TransactionNotFoundException", f"Transaction {name} is not found")
            return self.transactions[name]

    def too_large(self, params):
        name = params.get("transactionId")
        if name in self.transactions:
            self.end(name)
        raise Refused(400, "UnsupportedResultException", "Database returned more than the allowed response size limit")

    def end(self, name):
        """The service gives a transaction up."""
        session, database, _ = self.transactions.pop(name)
        session.run("ROLLBACK")
        self.give_back(database, session)

    def execute(self, plan, params):
        name, sql = params.get("transactionId"), params["sql"]
        unbound = named_parameter(sql)
        if unbound:
            raise Refused(400, "BadRequestException", f"Cannot find parameter: {unbound}")
        if name:
            session, _, turn = self.transaction(name)
            with turn:
                return self.run(plan, params, session, name)
        session = self.session(plan["server"], params["database"])
        try:
            return self.run(plan, params, session, None)
        finally:
            self.give_back(params["database"], session)

    def run(self, plan, params, session, name):
        try:
            seconds = plan.get("call_seconds", 45)
            late = threading.Timer(seconds, self.stop, (plan, params["database"], session, params["sql"]))
            late.start()
            try:
                columns, rows, tag = session.run(params["sql"])
            finally:
                late.cancel()
        except ServerError as error:
            if getattr(session, "stopped", False):
                session.stopped = False
                if name:
                    self.end(name)
                raise Refused(400, "StatementTimeoutException", "Request timed out")
            raise Refused(400, "DatabaseErrorException", str(error))
        result = {"generatedFields": [], "numberOfRecordsUpdated": 0}
        if columns is None:
            count = tag.split(" ")[-1]
            result["numberOfRecordsUpdated"] = int(count) if count.isdigit() else 0
            return result
        for _, oid in columns:
            if oid not in TYPES:
                raise Refused(400, "UnsupportedResultException", f"The result contains the unsupported data type with OID {oid}.")
        if any(sum(len((value or "").encode()) for value in row) > ROW_MAX for row in rows):
            if name:
                self.end(name)
            raise Refused(400, "UnsupportedResultException", "Database returned a row of more than the allowed size limit")
        result["records"] = [
            [{"isNull": True} if value is None else TYPES[oid][1](value) for value, (_, oid) in zip(row, columns)] for row in rows
        ]
        if params.get("includeResultMetadata"):
            result["columnMetadata"] = [{"label": label, "name": label, "typeName": TYPES[oid][0]} for label, oid in columns]
        return result

    def stop(self, plan, database, session, sql):
        session.stopped = True
        other = Session(plan["server"], database)
        quoted = sql.replace("'", "''")
        other.run(f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = left('{quoted}', 1023) AND state = 'active' AND pid <> pg_backend_pid()")


def named_parameter(sql):
    """What a text has of `:name` outside of strings, identifiers, comments and casts."""
    skipped = r"""'(?:[^'\\]|\\.|'')*'|"[^"]*"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]*)\$.*?\$\1\$|::"""
    found = re.search(r":[A-Za-z_]\w*", re.sub(skipped, " ", sql, flags=re.S))
    return found.group() if found else None
