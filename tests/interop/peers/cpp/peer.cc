// SPDX-License-Identifier: Apache-2.0

// gRPC for C++ at either end of the endpoint: see ../go/main.go.
//
//	peer client|server SOCKET
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cache.grpc.pb.h"

using google::protobuf::Empty;
using grpc::ClientContext;
using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;
using std::string;
using Clock = std::chrono::system_clock;

static const int metadata_max = 65536;

static std::mutex saying;

static void say(const string &text)
{
	std::lock_guard<std::mutex> hold(saying);
	std::cout << text << std::endl;
}

static int number(const char *name)
{
	const char *text = getenv(name);
	return text ? atoi(text) : 0;
}

// The client.

static void check(bool condition, const string &what)
{
	if (!condition)
		throw std::runtime_error(what);
}

static void want(const Status &status, StatusCode code)
{
	check(status.error_code() == code,
	      "code " + std::to_string(status.error_code()) + ", not " +
		      std::to_string(code) + ": " + status.error_message());
}

struct Client {
	std::shared_ptr<grpc::Channel> channel;
	std::unique_ptr<cache::CacheService::Stub> stub;
	std::set<string> taken;

	explicit Client(const string &socket)
	{
		grpc::ChannelArguments arguments;
		arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, metadata_max);
		channel = grpc::CreateCustomChannel(
			"unix:" + socket, grpc::InsecureChannelCredentials(),
			arguments);
		stub = cache::CacheService::NewStub(channel);
	}

	static void patience(ClientContext *context, int ms = 20000)
	{
		context->set_deadline(Clock::now() +
				      std::chrono::milliseconds(ms));
	}

	cache::GrpcStatus fetch_status(size_t filler = 0)
	{
		cache::GrpcStatus reply;
		ClientContext context;
		patience(&context);
		if (filler)
			context.AddMetadata("x-filler", string(filler, 'x'));
		want(stub->Status(&context, Empty(), &reply), StatusCode::OK);
		check(reply.pid() > 0, reply.ShortDebugString());
		return reply;
	}

	void status()
	{
		cache::GrpcStatus reply = fetch_status();
		int pid = number("PEER_PID");
		check(!pid || pid == reply.pid(), reply.ShortDebugString());
		check(reply.vmstatus_size() == 2, reply.ShortDebugString());
		for (const auto &vm : reply.vmstatus())
			check(vm.cpu() && vm.memory(), vm.ShortDebugString());
	}

	void config()
	{
		cache::GrpcVMConfig reply;
		ClientContext context;
		patience(&context);
		want(stub->Config(&context, Empty(), &reply), StatusCode::OK);
		check(reply.data().find("\"HypervisorType\":\"") !=
			      string::npos,
		      reply.data());
		check(reply.agentconfig()[0] == '{', reply.agentconfig());
	}

	void unknown(const char *path)
	{
		grpc::internal::RpcMethod method(
			path, grpc::internal::RpcMethod::NORMAL_RPC);
		ClientContext context;
		Empty reply;
		patience(&context);
		want(grpc::internal::BlockingUnaryCall<
			     Empty, Empty, grpc::protobuf::MessageLite,
			     grpc::protobuf::MessageLite>(
			     channel.get(), method, &context, Empty(), &reply),
		     StatusCode::UNIMPLEMENTED);
		fetch_status();
	}

	void unknown_method()
	{
		unknown("/cache.CacheService/Nope");
	}

	void unknown_service()
	{
		unknown("/cache.NoSuchService/Status");
	}

	void calls_200()
	{
		for (int i = 0; i < 200; i++)
			fetch_status();
	}

	void calls_16_at_once()
	{
		std::vector<std::thread> threads;
		string failure;
		for (int i = 0; i < 16; i++)
			threads.emplace_back([&] {
				try {
					fetch_status();
				} catch (const std::exception &error) {
					std::lock_guard<std::mutex> hold(saying);
					failure = error.what();
				}
			});
		for (auto &thread : threads)
			thread.join();
		check(failure.empty(), failure);
	}

	void with_metadata(size_t size)
	{
		for (int i = 0; i < 3; i++)
			fetch_status(size);
	}

	void metadata_300()
	{
		with_metadata(300);
	}

	void metadata_22000()
	{
		with_metadata(22000);
	}

	Status take(ClientContext *context)
	{
		cache::GrpcVM vm;
		Status status = stub->GetBaseVM(context, Empty(), &vm);
		if (!status.ok())
			return status;
		check(!vm.id().empty() && taken.insert(vm.id()).second &&
			      vm.cpu() && vm.memory() && vm.hypervisor().size(),
		      vm.ShortDebugString());
		say("taken " + vm.id());
		return status;
	}

	Status take_within(int ms)
	{
		ClientContext context;
		patience(&context, ms);
		return take(&context);
	}

	void get_base_vm()
	{
		want(take_within(20000), StatusCode::OK);
		want(take_within(20000), StatusCode::OK);
	}

	// Takes VMs until there is none in time.
	void deadline()
	{
		Status status;
		for (int i = 0; i < 20 && status.ok(); i++)
			status = take_within(300);
		want(status, StatusCode::DEADLINE_EXCEEDED);
		fetch_status();
	}

	// Gives up a call that the server has: Status was answered behind
	// it, often enough for the call to have got ahead.
	void cancel()
	{
		Status status;
		for (int i = 0; i < 20 && status.ok(); i++) {
			ClientContext context;
			std::thread waiting(
				[&] { status = take(&context); });
			for (int k = 0; k < 10; k++)
				fetch_status();
			context.TryCancel();
			waiting.join();
		}
		want(status, StatusCode::CANCELLED);
		fetch_status();
	}

	void quit()
	{
		ClientContext context;
		Empty reply;
		patience(&context);
		want(stub->Quit(&context, Empty(), &reply), StatusCode::OK);
	}
};

static const struct {
	const char *name;
	void (Client::*body)();
} tests[] = {
	{ "status", &Client::status },
	{ "config", &Client::config },
	{ "unknown_method", &Client::unknown_method },
	{ "unknown_service", &Client::unknown_service },
	{ "calls_200", &Client::calls_200 },
	{ "calls_16_at_once", &Client::calls_16_at_once },
	{ "metadata_300", &Client::metadata_300 },
	{ "metadata_22000", &Client::metadata_22000 },
	{ "get_base_vm", &Client::get_base_vm },
	{ "deadline", &Client::deadline },
	{ "cancel", &Client::cancel },
	{ "quit", &Client::quit },
};

// All cases, or the first of them.
static int run_client(const string &socket, bool all)
{
	Client client(socket);
	int failed = 0;
	for (const auto &test : tests) {
		try {
			(client.*test.body)();
			say(string("ok ") + test.name);
		} catch (const std::exception &error) {
			say(string("not ok ") + test.name + ": " +
			    error.what());
			failed = 1;
		}
		if (!all)
			break;
	}
	return failed;
}

// The server.

class Server final : public cache::CacheService::Service {
	string data, filler;
	int vms, given = 0;
	std::mutex lock;
	std::condition_variable stopping;
	bool stopped = false;

	grpc::Status Status(ServerContext *context, const Empty *,
		      cache::GrpcStatus *reply) override
	{
		if (!filler.empty()) {
			context->AddInitialMetadata("x-filler", filler);
			context->AddTrailingMetadata("x-filler", filler);
		}
		reply->set_pid(getpid());
		add(reply, 4343, 1, 2048);
		add(reply, 4444, 2, 128);
		return grpc::Status::OK;
	}

	static void add(cache::GrpcStatus *reply, int pid, int cpu, int memory)
	{
		cache::GrpcVMStatus *vm = reply->add_vmstatus();
		vm->set_pid(pid);
		vm->set_cpu(cpu);
		vm->set_memory(memory);
	}

	grpc::Status Config(ServerContext *, const Empty *,
			    cache::GrpcVMConfig *reply) override
	{
		reply->set_data(data);
		reply->set_agentconfig("{\"LongLiveConn\":true}");
		return grpc::Status::OK;
	}

	// The library has no event for that in handlers of this kind.
	grpc::Status wait(ServerContext *context)
	{
		std::unique_lock<std::mutex> hold(lock);
		while (!context->IsCancelled())
			stopping.wait_for(hold, std::chrono::milliseconds(5));
		say(Clock::now() >= context->deadline() ? "deadline"
							: "cancelled");
		return grpc::Status::CANCELLED;
	}

	grpc::Status GetBaseVM(ServerContext *context, const Empty *,
			       cache::GrpcVM *vm) override
	{
		lock.lock();
		int n = ++given;
		lock.unlock();
		if (n > vms)
			return wait(context);
		vm->set_id("vm-" + std::to_string(n));
		say("gave " + vm->id());
		vm->set_hypervisor("{\"Pid\":7}");
		vm->set_cpu(3);
		vm->set_memory(512);
		vm->set_cpudelta(1);
		vm->set_proxypid(9);
		vm->set_proxyurl("vsock://3:1024");
		return grpc::Status::OK;
	}

	grpc::Status Quit(ServerContext *, const Empty *, Empty *) override
	{
		std::lock_guard<std::mutex> hold(lock);
		stopped = true;
		stopping.notify_all();
		return grpc::Status::OK;
	}

    public:
	Server()
	{
		std::ifstream file(getenv("PEER_DATA"));
		data.assign(std::istreambuf_iterator<char>(file), {});
		filler.assign(number("PEER_METADATA"), 'x');
		vms = number("PEER_VMS");
	}

	void until_quit()
	{
		std::unique_lock<std::mutex> hold(lock);
		stopping.wait(hold, [this] { return stopped; });
	}
};

static int run_server(const string &socket)
{
	Server cache;
	grpc::ServerBuilder builder;
	builder.AddListeningPort("unix:" + socket,
				 grpc::InsecureServerCredentials());
	builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, metadata_max);
	builder.RegisterService(&cache);
	auto server = builder.BuildAndStart();
	if (!server)
		return 1;
	cache.until_quit();
	server->Shutdown(Clock::now() + std::chrono::seconds(5));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	string mode = argv[1];
	return mode == "server" ? run_server(argv[2])
				: run_client(argv[2], mode == "client");
}
