// SPDX-License-Identifier: Apache-2.0

// connect-node's gRPC at either end of the endpoint: see ../go/main.go.
//
//	node peer.mjs client|server SOCKET
import * as fs from "node:fs";
import * as http2 from "node:http2";
import { createRequire } from "node:module";
import * as net from "node:net";

// as NODE_PATH says, which imports do not look at
const require = createRequire(import.meta.url);
const { Code, ConnectError, createClient } = require("@connectrpc/connect");
const { connectNodeAdapter, createGrpcTransport } =
	require("@connectrpc/connect-node");
const { createFileRegistry, fromBinary } = require("@bufbuild/protobuf");
const { FileDescriptorSetSchema } = require("@bufbuild/protobuf/wkt");

const CacheService = createFileRegistry(fromBinary(FileDescriptorSetSchema,
	fs.readFileSync(process.env.PEER_DESCRIPTORS)))
	.getService("cache.CacheService");

const text = new TextDecoder();

function check(condition, what) {
	if (!condition)
		throw new Error(JSON.stringify(what,
			(key, value) => typeof value === "bigint" ? `${value}` : value));
}

// The client.

class Client {
	constructor(socket) {
		this.transport = createGrpcTransport({
			baseUrl: "http://localhost",
			nodeOptions: { createConnection: () => net.connect(socket) },
		});
		this.stub = createClient(CacheService, this.transport);
		this.taken = new Set();
	}

	async fetchStatus(filler = 0) {
		const reply = await this.stub.status({}, { timeoutMs: 20000,
			headers: filler ? { "x-filler": "x".repeat(filler) } : {} });
		check(reply.pid > 0, reply);
		return reply;
	}

	async fails(code, promise) {
		const error = await promise.then(() => null, (e) => e);
		check(error instanceof ConnectError && error.code === code,
			String(error));
		await this.fetchStatus();
	}

	async status() {
		const reply = await this.fetchStatus();
		const pid = process.env.PEER_PID;
		check(!pid || BigInt(pid) === reply.pid, reply);
		check(reply.vmstatus.length === 2, reply);
		for (const vm of reply.vmstatus)
			check(vm.cpu && vm.memory, vm);
	}

	async config() {
		const reply = await this.stub.config({}, { timeoutMs: 20000 });
		check(JSON.parse(text.decode(reply.Data)).HypervisorType, reply);
		JSON.parse(text.decode(reply.AgentConfig));
	}

	unknown(method) {
		return this.fails(Code.Unimplemented,
			this.transport.unary(method, undefined, 20000, {}, {}));
	}

	unknown_method() {
		return this.unknown({ ...CacheService.method.status, name: "Nope" });
	}

	unknown_service() {
		return this.unknown({ ...CacheService.method.status,
			parent: { ...CacheService, typeName: "cache.NoSuchService" } });
	}

	async calls_200() {
		for (let i = 0; i < 200; i++)
			await this.fetchStatus();
	}

	async calls_16_at_once() {
		const calls = [];
		for (let i = 0; i < 16; i++)
			calls.push(this.fetchStatus());
		await Promise.all(calls);
	}

	async metadata(filler) {
		for (let i = 0; i < 3; i++)
			await this.fetchStatus(filler);
	}

	metadata_300() {
		return this.metadata(300);
	}

	metadata_22000() {
		return this.metadata(22000);
	}

	async take(options) {
		const vm = await this.stub.getBaseVM({}, options);
		check(vm.id && !this.taken.has(vm.id), vm);
		check(vm.cpu && vm.memory && vm.hypervisor.length, vm);
		this.taken.add(vm.id);
		console.log("taken", vm.id);
	}

	async get_base_vm() {
		await this.take({ timeoutMs: 20000 });
		await this.take({ timeoutMs: 20000 });
	}

	async takeAll() {
		for (let i = 0; i < 20; i++)
			await this.take({ timeoutMs: 300 });
	}

	// Takes VMs until there is none in time.
	deadline() {
		return this.fails(Code.DeadlineExceeded, this.takeAll());
	}

	// Gives up a call that the server has: Status was asked behind it.
	async giveUp() {
		const given = new AbortController();
		const result = this.take({ signal: given.signal });
		await this.fetchStatus();
		given.abort();
		await result;
	}

	async giveUpAll() {
		for (let i = 0; i < 20; i++)
			await this.giveUp();
	}

	cancel() {
		return this.fails(Code.Canceled, this.giveUpAll());
	}

	quit() {
		return this.stub.quit({}, { timeoutMs: 20000 });
	}
}

const TESTS = ["status", "config", "unknown_method", "unknown_service",
	"calls_200", "calls_16_at_once", "metadata_300", "metadata_22000",
	"get_base_vm", "deadline", "cancel", "quit"];

async function client(socket) {
	const peer = new Client(socket);
	for (const name of TESTS) {
		try {
			await peer[name]();
			console.log("ok", name);
		} catch (error) {
			console.log(`not ok ${name}: ${error.message}`);
			process.exitCode = 1;
		}
	}
	process.exit(); // its connection stays open for a while
}

// The server.

function serve(socket) {
	const data = fs.readFileSync(process.env.PEER_DATA);
	const vms = Number(process.env.PEER_VMS || 0);
	const filler = "x".repeat(Number(process.env.PEER_METADATA || 0));
	const encode = (value) => new TextEncoder().encode(value);
	let given = 0;

	function wait(signal) {
		return new Promise((resolve, reject) => {
			signal.addEventListener("abort", () => {
				const late = signal.reason instanceof ConnectError &&
					signal.reason.code === Code.DeadlineExceeded;
				console.log(late ? "deadline" : "cancelled");
				reject(signal.reason);
			});
		});
	}

	const handler = connectNodeAdapter({ routes: (router) =>
		router.service(CacheService, {
			status(request, context) {
				if (filler) {
					context.responseHeader.set("x-filler", filler);
					context.responseTrailer.set("x-filler", filler);
				}
				return { pid: BigInt(process.pid), vmstatus: [
					{ pid: 4343n, cpu: 1, memory: 2048 },
					{ pid: 4444n, cpu: 2, memory: 128 },
				] };
			},
			config() {
				return { Data: data,
					AgentConfig: encode('{"LongLiveConn":true}') };
			},
			async getBaseVM(request, context) {
				const id = `vm-${++given}`;
				if (given > vms)
					return wait(context.signal);
				console.log("gave", id);
				return { id, hypervisor: encode('{"Pid":7}'), cpu: 3,
					memory: 512, cpuDelta: 1, proxyPid: 9n,
					proxyURL: "vsock://3:1024" };
			},
			quit() {
				// Node 18 breaks off what is still on its way
				setTimeout(stop, 100);
				return {};
			},
		}) });
	const server = http2.createServer(handler);
	const sessions = new Set();
	server.on("session", (session) => {
		sessions.add(session);
		session.on("close", () => sessions.delete(session));
	});
	function stop() {
		server.close();
		for (const session of sessions)
			session.close();
	}
	server.listen(socket);
}

({ client, server: serve })[process.argv[2]](process.argv[3]);
