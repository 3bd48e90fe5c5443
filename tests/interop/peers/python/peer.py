# SPDX-License-Identifier: Apache-2.0
"""grpcio at either end of the endpoint: see ../go/main.go.

	peer.py client|status|server SOCKET
"""
import json
import os
import sys
import threading
import time
from concurrent import futures

import grpc
from google.protobuf.empty_pb2 import Empty

import cache_pb2 as pb
import cache_pb2_grpc as rpc

SERVICE = "/cache.CacheService/"
NOTHING = Empty()
OPTIONS = [("grpc.max_metadata_size", 65536)]
code = grpc.StatusCode


def say(*words):
    print(*words, flush=True)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Client:
    def __init__(self, socket):
        self.channel = grpc.insecure_channel("unix:" + socket, OPTIONS)
        self.stub = rpc.CacheServiceStub(self.channel)
        self.taken = set()

    def fetch_status(self, **options):
        status = self.stub.Status(NOTHING, timeout=20, **options)
        check(status.pid > 0, status)
        return status

    def fails(self, wanted, call):
        try:
            call()
        except grpc.RpcError as error:
            check(error.code() == wanted, error)
        else:
            raise AssertionError("not %s" % wanted)
        self.fetch_status()

    def status(self):
        status = self.fetch_status()
        pid = os.environ.get("PEER_PID")
        check(not pid or int(pid) == status.pid, status)
        check(len(status.vmstatus) == 2, status)
        for vm in status.vmstatus:
            check(vm.cpu and vm.memory, status)

    def config(self):
        config = self.stub.Config(NOTHING, timeout=20)
        check(json.loads(config.Data)["HypervisorType"], config)
        check(isinstance(json.loads(config.AgentConfig), dict), config)

    def unknown(self, path):
        call = self.channel.unary_unary(path, Empty.SerializeToString,
                                        Empty.FromString)
        self.fails(code.UNIMPLEMENTED, lambda: call(NOTHING, timeout=20))

    def unknown_method(self):
        self.unknown(SERVICE + "Nope")

    def unknown_service(self):
        self.unknown("/cache.NoSuchService/Status")

    def calls_200(self):
        for _ in range(200):
            self.fetch_status()

    def calls_16_at_once(self):
        calls = [self.stub.Status.future(NOTHING, timeout=20)
                 for _ in range(16)]
        for call in calls:
            check(call.result().pid > 0, call)

    def with_metadata(self, size):
        for _ in range(3):
            self.fetch_status(metadata=(("x-filler", "x" * size),))

    def metadata_300(self):
        self.with_metadata(300)

    def metadata_22000(self):
        self.with_metadata(22000)

    def took(self, vm):
        check(vm.id and vm.id not in self.taken, vm)
        check(vm.cpu and vm.memory and vm.hypervisor, vm)
        self.taken.add(vm.id)
        say("taken", vm.id)

    def get_base_vm(self):
        self.took(self.stub.GetBaseVM(NOTHING, timeout=20))
        self.took(self.stub.GetBaseVM(NOTHING, timeout=20))

    # Takes VMs until there is none in time.
    def deadline(self):
        def take():
            for _ in range(20):
                self.took(self.stub.GetBaseVM(NOTHING, timeout=0.3))
        self.fails(code.DEADLINE_EXCEEDED, take)

    # Gives up a call that the server has: Status was asked behind it.
    def cancel(self):
        for _ in range(20):
            call = self.stub.GetBaseVM.future(NOTHING)
            self.fetch_status()
            if call.cancel():
                check(call.code() == code.CANCELLED, call)
                return self.fetch_status()
            self.took(call.result())
        raise AssertionError("20 VMs")

    def quit(self):
        self.stub.Quit(NOTHING, timeout=20)


TESTS = ("status config unknown_method unknown_service calls_200 "
         "calls_16_at_once metadata_300 metadata_22000 get_base_vm deadline "
         "cancel quit").split()


def client(socket, tests=TESTS):
    peer = Client(socket)
    failed = 0
    for name in tests:
        try:
            getattr(peer, name)()
            say("ok", name)
        except (grpc.RpcError, AssertionError, ValueError) as error:
            say("not ok %s: %s" % (name, " ".join(str(error).split())))
            failed = 1
    return failed


class Server(rpc.CacheServiceServicer):
    def __init__(self):
        with open(os.environ["PEER_DATA"], "rb") as data:
            self.data = data.read()
        self.vms = int(os.environ.get("PEER_VMS", 0))
        filler = "x" * int(os.environ.get("PEER_METADATA", 0))
        self.extra = (("x-filler", filler),) if filler else ()
        self.given = 0
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def Status(self, request, context):
        context.send_initial_metadata(self.extra)
        context.set_trailing_metadata(self.extra)
        return pb.GrpcStatus(pid=os.getpid(), vmstatus=[
            pb.GrpcVMStatus(pid=4343, cpu=1, memory=2048),
            pb.GrpcVMStatus(pid=4444, cpu=2, memory=128)])

    def Config(self, request, context):
        return pb.GrpcVMConfig(Data=self.data,
                               AgentConfig=b'{"LongLiveConn":true}')

    def wait(self, context):
        over = threading.Event()
        end = time.monotonic() + (context.time_remaining() or 3600)
        if context.add_callback(over.set):
            over.wait()
        say("deadline" if time.monotonic() >= end else "cancelled")
        context.abort(code.CANCELLED, "nobody waits")

    def GetBaseVM(self, request, context):
        with self.lock:
            self.given += 1
            name = "vm-%d" % self.given
            if self.given <= self.vms:
                say("gave", name)
        if self.given > self.vms:
            self.wait(context)
        return pb.GrpcVM(id=name, hypervisor=b'{"Pid":7}', cpu=3, memory=512,
                         cpuDelta=1, proxyPid=9, proxyURL="vsock://3:1024")

    def Quit(self, request, context):
        self.stopping.set()
        return NOTHING


def serve(socket):
    server = grpc.server(futures.ThreadPoolExecutor(8), options=OPTIONS)
    cache = Server()
    rpc.add_CacheServiceServicer_to_server(cache, server)
    server.add_insecure_port("unix:" + socket)
    server.start()
    cache.stopping.wait()
    server.stop(5).wait()


if __name__ == "__main__":
    sys.exit({"client": client, "server": serve,
              "status": lambda socket: client(socket, TESTS[:1])}
             [sys.argv[1]](sys.argv[2]))
