// SPDX-License-Identifier: Apache-2.0

// ttrpc-rust at either end of the endpoint: see ../../go/main.go. Its own
// connect and bind know abstract sockets only, so it is given descriptors.
// ttrpc has no message that gives up a call: who wants to, hangs up.
//
//	peer client|server SOCKET
use protobuf::well_known_types::Empty;
use protobuf::Message;
use std::collections::{HashMap, HashSet};
use std::net::Shutdown;
use std::os::unix::io::{IntoRawFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};
use std::{env, fs, process, thread};
use ttrpc::ttrpc::KeyValue;
use ttrpc::{get_status, Code, Error, MethodHandler, Request, Response};
use ttrpc::{Server, TtrpcContext};

#[allow(warnings)]
mod messages {
    include!(concat!(env!("OUT_DIR"), "/mod.rs"));
}
use messages::cache::{GrpcStatus, GrpcVM, GrpcVMConfig, GrpcVMStatus};

const SERVICE: &str = "cache.CacheService";
const PATIENCE_MS: i64 = 20000;

fn number(name: &str) -> i64 {
    env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

// The client.

type Outcome = Result<(), String>;

fn check(condition: bool, what: &dyn std::fmt::Debug) -> Outcome {
    if condition {
        Ok(())
    } else {
        Err(format!("{:?}", what).replace('\n', " "))
    }
}

fn request(service: &str, method: &str, ms: i64) -> Request {
    let mut request = Request::new();
    request.set_service(service.to_string());
    request.set_method(method.to_string());
    request.set_timeout_nano(ms * 1_000_000);
    request
}

fn code_of(error: &Error) -> i64 {
    match error {
        Error::RpcStatus(status) => status.get_code() as i64,
        _ => -1,
    }
}

struct Client {
    socket: String,
    stream: UnixStream, // the same connection, to hang up with
    ttrpc: ttrpc::Client,
    taken: HashSet<String>,
}

fn connect(socket: &str) -> Result<(UnixStream, ttrpc::Client), String> {
    let stream = UnixStream::connect(socket).map_err(|e| e.to_string())?;
    let copy = stream.try_clone().map_err(|e| e.to_string())?;
    Ok((copy, ttrpc::Client::new(stream.into_raw_fd())))
}

fn ask<M: Message>(client: &ttrpc::Client, request: Request) -> Result<M, Error> {
    let reply = client.request(request)?;
    M::parse_from_bytes(&reply.payload).map_err(|e| Error::Others(e.to_string()))
}

fn fetch(client: &ttrpc::Client, request: Request) -> Result<GrpcStatus, String> {
    let reply: GrpcStatus = ask(client, request).map_err(|e| format!("{:?}", e))?;
    check(reply.get_pid() > 0, &reply)?;
    Ok(reply)
}

fn status_request() -> Request {
    request(SERVICE, "Status", PATIENCE_MS)
}

impl Client {
    fn fetch_status(&self) -> Result<GrpcStatus, String> {
        fetch(&self.ttrpc, status_request())
    }

    fn status(&mut self) -> Outcome {
        let reply = self.fetch_status()?;
        let pid = number("PEER_PID");
        check(pid == 0 || pid == reply.get_pid(), &reply)?;
        check(reply.get_vmstatus().len() == 2, &reply)?;
        for vm in reply.get_vmstatus() {
            check(vm.get_cpu() > 0 && vm.get_memory() > 0, vm)?;
        }
        Ok(())
    }

    fn config(&mut self) -> Outcome {
        let reply: GrpcVMConfig = ask(&self.ttrpc, request(SERVICE, "Config", PATIENCE_MS))
            .map_err(|e| format!("{:?}", e))?;
        let data = String::from_utf8_lossy(reply.get_Data()).to_string();
        check(data.contains("\"HypervisorType\":\""), &data)?;
        check(reply.get_AgentConfig().starts_with(b"{"), &reply)
    }

    fn unknown(&mut self, service: &str, method: &str) -> Outcome {
        let wanted = match number("PEER_UNKNOWN") {
            0 => Code::UNIMPLEMENTED as i64,
            code => code,
        };
        match self.ttrpc.request(request(service, method, PATIENCE_MS)) {
            Err(error) => check(code_of(&error) == wanted, &error)?,
            Ok(reply) => check(false, &reply)?,
        }
        self.fetch_status().map(|_| ())
    }

    fn unknown_method(&mut self) -> Outcome {
        self.unknown(SERVICE, "Nope")
    }

    fn unknown_service(&mut self) -> Outcome {
        self.unknown("cache.NoSuchService", "Status")
    }

    fn calls_200(&mut self) -> Outcome {
        for _ in 0..200 {
            self.fetch_status()?;
        }
        Ok(())
    }

    fn calls_16_at_once(&mut self) -> Outcome {
        let calls: Vec<_> = (0..16)
            .map(|_| {
                let client = self.ttrpc.clone();
                thread::spawn(move || fetch(&client, status_request()))
            })
            .collect();
        for call in calls {
            call.join().unwrap()?;
        }
        Ok(())
    }

    fn metadata_300(&mut self) -> Outcome {
        let mut filler = KeyValue::new();
        filler.set_key("x-filler".to_string());
        filler.set_value("x".repeat(300));
        let mut with = status_request();
        with.mut_metadata().push(filler);
        fetch(&self.ttrpc, with).map(|_| ())
    }

    fn took(&mut self, vm: GrpcVM) -> Outcome {
        check(self.taken.insert(vm.get_id().to_string()), &vm)?;
        check(!vm.get_id().is_empty() && vm.get_cpu() > 0, &vm)?;
        check(vm.get_memory() > 0 && !vm.get_hypervisor().is_empty(), &vm)?;
        println!("taken {}", vm.get_id());
        Ok(())
    }

    fn get_base_vm(&mut self) -> Outcome {
        for _ in 0..2 {
            let vm = ask(&self.ttrpc, request(SERVICE, "GetBaseVM", PATIENCE_MS))
                .map_err(|e| format!("{:?}", e))?;
            self.took(vm)?;
        }
        Ok(())
    }

    // Takes VMs until there is none in time. The verdict is the server's, or
    // the library's own.
    fn deadline(&mut self) -> Outcome {
        for _ in 0..20 {
            match ask(&self.ttrpc, request(SERVICE, "GetBaseVM", 300)) {
                Ok(vm) => self.took(vm)?,
                Err(error) => {
                    check(
                        code_of(&error) == Code::DEADLINE_EXCEEDED as i64
                            || error.to_string().contains("timeout"),
                        &error,
                    )?;
                    return self.fetch_status().map(|_| ());
                }
            }
        }
        Err("20 VMs".to_string())
    }

    // Gives up a call that the server has: Status was answered behind it,
    // often enough for the call to have got ahead.
    fn give_up(&mut self) -> Result<Result<GrpcVM, Error>, String> {
        let waiting = self.ttrpc.clone();
        let call = thread::spawn(move || ask(&waiting, request(SERVICE, "GetBaseVM", 0)));
        for _ in 0..10 {
            self.fetch_status()?;
        }
        self.stream
            .shutdown(Shutdown::Both)
            .map_err(|e| e.to_string())?;
        let (stream, ttrpc) = connect(&self.socket)?;
        self.stream = stream;
        self.ttrpc = ttrpc;
        Ok(call.join().unwrap())
    }

    fn cancel(&mut self) -> Outcome {
        for _ in 0..20 {
            match self.give_up()? {
                Ok(vm) => self.took(vm)?,
                Err(_) => return self.fetch_status().map(|_| ()),
            }
        }
        Err("20 VMs".to_string())
    }

    fn quit(&mut self) -> Outcome {
        ask::<Empty>(&self.ttrpc, request(SERVICE, "Quit", PATIENCE_MS))
            .map(|_| ())
            .map_err(|e| format!("{:?}", e))
    }
}

type Body = fn(&mut Client) -> Outcome;

const TESTS: &[(&str, Body)] = &[
    ("status", Client::status),
    ("config", Client::config),
    ("unknown_method", Client::unknown_method),
    ("unknown_service", Client::unknown_service),
    ("calls_200", Client::calls_200),
    ("calls_16_at_once", Client::calls_16_at_once),
    ("metadata_300", Client::metadata_300),
    ("get_base_vm", Client::get_base_vm),
    ("deadline", Client::deadline),
    ("cancel", Client::cancel),
    ("quit", Client::quit),
];

fn client(socket: &str) -> i32 {
    let mut failed = 0;
    let mut client = connect(socket).map(|(stream, ttrpc)| Client {
        socket: socket.to_string(),
        stream,
        ttrpc,
        taken: HashSet::new(),
    });
    for (name, body) in TESTS {
        let outcome = match &mut client {
            Ok(client) => body(client),
            Err(what) => Err(what.clone()),
        };
        failed |= outcome.is_err() as i32;
        match outcome {
            Ok(()) => println!("ok {}", name),
            Err(what) => println!("not ok {}: {}", name, what),
        }
    }
    failed
}

// The server.

struct Cache {
    data: Vec<u8>,
    vms: usize,
    given: AtomicUsize,
    quit: mpsc::SyncSender<()>,
}

fn vm_status(pid: i64, cpu: u32, memory: u32) -> GrpcVMStatus {
    let mut vm = GrpcVMStatus::new();
    vm.set_pid(pid);
    vm.set_cpu(cpu);
    vm.set_memory(memory);
    vm
}

// Whether the caller hangs up before its time is up. The library does not
// say so: asks the connection.
fn hangs_up(fd: RawFd, timeout_nano: i64) -> bool {
    let ms = if timeout_nano > 0 { timeout_nano / 1_000_000 } else { -1 };
    let mut poll = libc::pollfd {
        fd,
        events: libc::POLLRDHUP,
        revents: 0,
    };
    unsafe { libc::poll(&mut poll, 1, ms as libc::c_int) > 0 }
}

fn failure(code: Code, text: &str) -> Error {
    Error::RpcStatus(get_status(code, text.to_string()))
}

impl Cache {
    fn status(&self) -> GrpcStatus {
        let mut reply = GrpcStatus::new();
        reply.set_pid(process::id() as i64);
        reply.mut_vmstatus().push(vm_status(4343, 1, 2048));
        reply.mut_vmstatus().push(vm_status(4444, 2, 128));
        reply
    }

    fn config(&self) -> GrpcVMConfig {
        let mut reply = GrpcVMConfig::new();
        reply.set_Data(self.data.clone());
        reply.set_AgentConfig(b"{\"LongLiveConn\":true}".to_vec());
        reply
    }

    fn get_base_vm(&self, ctx: &TtrpcContext) -> Result<GrpcVM, Error> {
        let n = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        if n > self.vms {
            let gone = hangs_up(ctx.fd, ctx.timeout_nano);
            println!("{}", if gone { "cancelled" } else { "deadline" });
            return Err(failure(Code::DEADLINE_EXCEEDED, "no VM in time"));
        }
        let mut vm = GrpcVM::new();
        vm.set_id(format!("vm-{}", n));
        println!("gave {}", vm.get_id());
        vm.set_hypervisor(b"{\"Pid\":7}".to_vec());
        vm.set_cpu(3);
        vm.set_memory(512);
        vm.set_cpuDelta(1);
        vm.set_proxyPid(9);
        vm.set_proxyURL("vsock://3:1024".to_string());
        Ok(vm)
    }

    fn answer(&self, ctx: &TtrpcContext, method: &str) -> Result<Vec<u8>, Error> {
        let message: Box<dyn Message> = match method {
            "Status" => Box::new(self.status()),
            "Config" => Box::new(self.config()),
            "GetBaseVM" => Box::new(self.get_base_vm(ctx)?),
            _ => Box::new(Empty::new()),
        };
        let bytes = message.write_to_bytes();
        bytes.map_err(|e| failure(Code::INTERNAL, &e.to_string()))
    }
}

struct Handler {
    cache: Arc<Cache>,
    method: &'static str,
}

impl MethodHandler for Handler {
    fn handler(&self, ctx: TtrpcContext, _: Request) -> ttrpc::Result<()> {
        let mut reply = Response::new();
        match self.cache.answer(&ctx, self.method) {
            Ok(bytes) => {
                reply.set_status(get_status(Code::OK, "".to_string()));
                reply.set_payload(bytes);
            }
            Err(Error::RpcStatus(status)) => reply.set_status(status),
            Err(other) => return Err(other),
        }
        ttrpc::response_to_channel(ctx.mh.stream_id, reply, ctx.res_tx)?;
        if self.method == "Quit" {
            let _ = self.cache.quit.try_send(());
        }
        Ok(())
    }
}

fn serve(socket: &str) -> i32 {
    let (quit, quitting) = mpsc::sync_channel(1);
    let cache = Arc::new(Cache {
        data: fs::read(env::var("PEER_DATA").unwrap()).unwrap(),
        vms: number("PEER_VMS") as usize,
        given: AtomicUsize::new(0),
        quit,
    });
    let mut methods: HashMap<String, Box<dyn MethodHandler + Send + Sync>> = HashMap::new();
    for &method in &["Status", "Config", "GetBaseVM", "Quit"] {
        let cache = cache.clone();
        methods.insert(
            format!("/{}/{}", SERVICE, method),
            Box::new(Handler { cache, method }),
        );
    }
    let listener = UnixListener::bind(socket).unwrap();
    let mut server = Server::new()
        .add_listener(listener.into_raw_fd())
        .unwrap()
        .register_service(methods);
    server.start().unwrap();
    let _ = quitting.recv();
    server.shutdown();
    0
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    process::exit(match arguments.len() {
        3 if arguments[1] == "client" => client(&arguments[2]),
        3 if arguments[1] == "server" => serve(&arguments[2]),
        _ => 2,
    })
}
