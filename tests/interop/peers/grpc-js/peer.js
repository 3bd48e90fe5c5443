// SPDX-License-Identifier: Apache-2.0

// @grpc/grpc-js at either end of the endpoint: see ../go/main.go.
//
//	node peer.js client|server SOCKET
"use strict";
const fs = require("fs");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const SERVICE = "/cache.CacheService/";
const cache = grpc.loadPackageDefinition(loader.loadSync("cache.proto", {
	includeDirs: [process.env.PEER_PROTO || "proto"],
	keepCase: true,
	longs: Number,
})).cache;

function check(condition, what) {
	if (!condition)
		throw new Error(JSON.stringify(what));
}

// The client.

class Client {
	constructor(socket) {
		this.stub = new cache.CacheService("unix:" + socket,
			grpc.credentials.createInsecure());
		this.taken = new Set();
	}

	// A call's promise, with cancel(). Its path and codecs are those of
	// `method`, unless `path` is given.
	call(method, { ms = 20000, filler = 0, path } = {}) {
		const of = cache.CacheService.service[method];
		const metadata = new grpc.Metadata();
		if (filler)
			metadata.set("x-filler", "x".repeat(filler));
		let cancel;
		const promise = new Promise((resolve, reject) => {
			const call = this.stub.makeUnaryRequest(path || of.path,
				of.requestSerialize, of.responseDeserialize, {},
				metadata, { deadline: Date.now() + ms },
				(error, reply) => error ? reject(error) : resolve(reply));
			cancel = () => call.cancel();
		});
		promise.cancel = cancel;
		return promise;
	}

	async fetchStatus(options) {
		const reply = await this.call("Status", options);
		check(reply.pid > 0, reply);
		return reply;
	}

	async fails(code, promise) {
		const error = await promise.then(() => null, (e) => e);
		check(error && error.code === code, String(error));
		await this.fetchStatus();
	}

	async status() {
		const reply = await this.fetchStatus();
		const pid = process.env.PEER_PID;
		check(!pid || Number(pid) === reply.pid, reply);
		check(reply.vmstatus.length === 2, reply);
		for (const vm of reply.vmstatus)
			check(vm.cpu && vm.memory, vm);
	}

	async config() {
		const reply = await this.call("Config");
		check(JSON.parse(reply.Data).HypervisorType, reply);
		JSON.parse(reply.AgentConfig);
	}

	unknown_method() {
		return this.fails(grpc.status.UNIMPLEMENTED,
			this.call("Status", { path: SERVICE + "Nope" }));
	}

	unknown_service() {
		return this.fails(grpc.status.UNIMPLEMENTED,
			this.call("Status", { path: "/cache.NoSuchService/Status" }));
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
			await this.fetchStatus({ filler });
	}

	metadata_300() {
		return this.metadata(300);
	}

	metadata_22000() {
		return this.metadata(22000);
	}

	took(vm) {
		check(vm.id && !this.taken.has(vm.id), vm);
		check(vm.cpu && vm.memory && vm.hypervisor.length, vm);
		this.taken.add(vm.id);
		console.log("taken", vm.id);
	}

	async get_base_vm() {
		this.took(await this.call("GetBaseVM"));
		this.took(await this.call("GetBaseVM"));
	}

	async takeAll() {
		for (let i = 0; i < 20; i++)
			this.took(await this.call("GetBaseVM", { ms: 300 }));
	}

	// Takes VMs until there is none in time.
	deadline() {
		return this.fails(grpc.status.DEADLINE_EXCEEDED, this.takeAll());
	}

	// Gives up a call that the server has: Status was asked behind it.
	async giveUp() {
		const call = this.call("GetBaseVM");
		const result = call.then((vm) => this.took(vm));
		await this.fetchStatus();
		call.cancel();
		await result;
	}

	async giveUpAll() {
		for (let i = 0; i < 20; i++)
			await this.giveUp();
	}

	cancel() {
		return this.fails(grpc.status.CANCELLED, this.giveUpAll());
	}

	quit() {
		return this.call("Quit");
	}
}

const TESTS = ["status", "config", "unknown_method", "unknown_service",
	"calls_200", "calls_16_at_once", "metadata_300", "metadata_22000",
	"get_base_vm", "deadline", "cancel", "quit"];

async function client(socket, tests = TESTS) {
	const peer = new Client(socket);
	for (const name of tests) {
		try {
			await peer[name]();
			console.log("ok", name);
		} catch (error) {
			console.log(`not ok ${name}: ${error.message}`);
			process.exitCode = 1;
		}
	}
	peer.stub.close();
}

// The server.

function serve(socket) {
	const data = fs.readFileSync(process.env.PEER_DATA);
	const vms = Number(process.env.PEER_VMS || 0);
	const filler = "x".repeat(Number(process.env.PEER_METADATA || 0));
	const server = new grpc.Server();
	let given = 0;

	function extra() {
		const metadata = new grpc.Metadata();
		if (filler)
			metadata.set("x-filler", filler);
		return metadata;
	}

	server.addService(cache.CacheService.service, {
		Status(call, callback) {
			call.sendMetadata(extra());
			callback(null, { pid: process.pid, vmstatus: [
				{ pid: 4343, cpu: 1, memory: 2048 },
				{ pid: 4444, cpu: 2, memory: 128 },
			] }, extra());
		},
		Config(call, callback) {
			callback(null, { Data: data,
				AgentConfig: Buffer.from('{"LongLiveConn":true}') });
		},
		GetBaseVM(call, callback) {
			const id = `vm-${++given}`;
			if (given > vms) {
				const end = call.getDeadline();
				call.on("cancelled", () => console.log(
					Date.now() >= end ? "deadline" : "cancelled"));
				return;
			}
			console.log("gave", id);
			callback(null, { id, hypervisor: Buffer.from('{"Pid":7}'),
				cpu: 3, memory: 512, cpuDelta: 1,
				proxyPid: 9, proxyURL: "vsock://3:1024" });
		},
		Quit(call, callback) {
			callback(null, {});
			// Node 18 breaks off what is still on its way
			setTimeout(() => server.tryShutdown(() => process.exit(0)), 100);
		},
	});
	server.bindAsync("unix:" + socket, grpc.ServerCredentials.createInsecure(),
		(error) => {
			if (error)
				throw error;
		});
}

function status(socket) {
	return client(socket, TESTS.slice(0, 1));
}

({ client, status, server: serve })[process.argv[2]](process.argv[3]);
