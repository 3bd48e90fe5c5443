// SPDX-License-Identifier: Apache-2.0

// grpc-go at either end of the endpoint.
//
//	peer client SOCKET    the cases that all peers have; the last is Quit
//	peer server SOCKET    a cache server, until Quit
//	peer status SOCKET    the first of them
//	peer kata SOCKET      what Kata's runtime does with a server of ours
//
// Cases print lines as tests/unit/test.h does, and `taken ID` for each VM
// that they were given. tests/interop/lib.sh says what a server prints and
// what the environment says to it.
package main

import (
	"cachepb"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang/protobuf/ptypes/empty"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const service = "/cache.CacheService/"

// The client.

type world struct {
	socket string
	conn   *grpc.ClientConn
	cache  cachepb.CacheServiceClient
	taken  map[string]bool
}

func dial(socket string) (*world, error) {
	conn, err := grpc.Dial("unix://"+socket, grpc.WithInsecure())
	if err != nil {
		return nil, err
	}
	return &world{socket, conn, cachepb.NewCacheServiceClient(conn),
		map[string]bool{}}, nil
}

func (w *world) checkStatus(ctx context.Context) error {
	s, err := w.cache.Status(ctx, &empty.Empty{})
	if err != nil {
		return err
	}
	if s.Pid <= 0 {
		return fmt.Errorf("pid %d", s.Pid)
	}
	return nil
}

// want: the number is the environment's, if that says one
func want(name string, number int64) error {
	if text := os.Getenv(name); text != "" && text != fmt.Sprint(number) {
		return fmt.Errorf("%s is %s, not %d", name, text, number)
	}
	return nil
}

func testStatus(ctx context.Context, w *world) error {
	s, err := w.cache.Status(ctx, &empty.Empty{})
	if err != nil {
		return err
	}
	if err = want("PEER_PID", s.Pid); err != nil {
		return err
	}
	if len(s.Vmstatus) != 2 {
		return fmt.Errorf("%d VMs", len(s.Vmstatus))
	}
	for _, vm := range s.Vmstatus {
		if vm.Cpu == 0 || vm.Memory == 0 {
			return fmt.Errorf("VM %v", vm)
		}
	}
	return nil
}

func testConfig(ctx context.Context, w *world) error {
	c, err := w.cache.Config(ctx, &empty.Empty{})
	if err != nil {
		return err
	}
	if !strings.Contains(string(c.Data), `"HypervisorType":"`) {
		return fmt.Errorf("Data %.100q", c.Data)
	}
	if !strings.HasPrefix(string(c.AgentConfig), "{") {
		return fmt.Errorf("AgentConfig %.100q", c.AgentConfig)
	}
	return nil
}

func wantCode(err error, code codes.Code) error {
	if got := status.Code(err); got != code {
		return fmt.Errorf("%v, not %v: %v", got, code, err)
	}
	return nil
}

func (w *world) unknown(ctx context.Context, path string) error {
	err := w.conn.Invoke(ctx, path, &empty.Empty{}, &empty.Empty{})
	if err = wantCode(err, codes.Unimplemented); err != nil {
		return err
	}
	return w.checkStatus(ctx)
}

func testUnknownMethod(ctx context.Context, w *world) error {
	return w.unknown(ctx, service+"Nope")
}

func testUnknownService(ctx context.Context, w *world) error {
	return w.unknown(ctx, "/cache.NoSuchService/Status")
}

func testCalls200(ctx context.Context, w *world) error {
	for i := 0; i < 200; i++ {
		if err := w.checkStatus(ctx); err != nil {
			return fmt.Errorf("call %d: %v", i, err)
		}
	}
	return nil
}

func testCalls16AtOnce(ctx context.Context, w *world) error {
	results := make(chan error, 16)
	for i := 0; i < 16; i++ {
		go func() { results <- w.checkStatus(ctx) }()
	}
	for i := 0; i < 16; i++ {
		if err := <-results; err != nil {
			return err
		}
	}
	return nil
}

func (w *world) withMetadata(ctx context.Context, n int) error {
	ctx = metadata.AppendToOutgoingContext(ctx, "x-filler",
		strings.Repeat("x", n))
	for i := 0; i < 3; i++ {
		if err := w.checkStatus(ctx); err != nil {
			return err
		}
	}
	return nil
}

func testMetadata300(ctx context.Context, w *world) error {
	return w.withMetadata(ctx, 300)
}

func testMetadata22000(ctx context.Context, w *world) error {
	return w.withMetadata(ctx, 22000)
}

func (w *world) take(ctx context.Context) error {
	vm, err := w.cache.GetBaseVM(ctx, &empty.Empty{})
	if err != nil {
		return err
	}
	if vm.Id == "" || w.taken[vm.Id] || vm.Cpu == 0 || vm.Memory == 0 ||
		len(vm.Hypervisor) == 0 {
		return fmt.Errorf("VM %v", vm)
	}
	w.taken[vm.Id] = true
	fmt.Println("taken", vm.Id)
	return nil
}

func testGetBaseVM(ctx context.Context, w *world) error {
	if err := w.take(ctx); err != nil {
		return err
	}
	return w.take(ctx)
}

// Takes VMs until there is none in time.
func testDeadline(ctx context.Context, w *world) error {
	var err error
	for i := 0; i < 20 && err == nil; i++ {
		short, cancel := context.WithTimeout(ctx,
			300*time.Millisecond)
		err = w.take(short)
		cancel()
	}
	if err = wantCode(err, codes.DeadlineExceeded); err != nil {
		return err
	}
	return w.checkStatus(ctx)
}

// Gives up a call that the server has: Status was answered behind it, often
// enough for the call to have got ahead.
func (w *world) giveUp(ctx context.Context) error {
	given, cancel := context.WithCancel(ctx)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- w.take(given) }()
	for i := 0; i < 10; i++ {
		if err := w.checkStatus(ctx); err != nil {
			return err
		}
	}
	cancel()
	return <-result
}

func testCancel(ctx context.Context, w *world) error {
	var err error
	for i := 0; i < 20 && err == nil; i++ {
		err = w.giveUp(ctx)
	}
	if err = wantCode(err, codes.Canceled); err != nil {
		return err
	}
	return w.checkStatus(ctx)
}

func testQuit(ctx context.Context, w *world) error {
	_, err := w.cache.Quit(ctx, &empty.Empty{})
	return err
}

type test struct {
	name string
	body func(ctx context.Context, w *world) error
}

var tests = []test{
	{"status", testStatus},
	{"config", testConfig},
	{"unknown_method", testUnknownMethod},
	{"unknown_service", testUnknownService},
	{"calls_200", testCalls200},
	{"calls_16_at_once", testCalls16AtOnce},
	{"metadata_300", testMetadata300},
	{"metadata_22000", testMetadata22000},
	{"get_base_vm", testGetBaseVM},
	{"deadline", testDeadline},
	{"cancel", testCancel},
	{"quit", testQuit},
}

func run(tests []test, w *world) (failed int) {
	for _, t := range tests {
		ctx, cancel := context.WithTimeout(context.Background(),
			20*time.Second)
		err := t.body(ctx, w)
		cancel()
		if err != nil {
			fmt.Printf("not ok %s: %v\n", t.name, err)
			failed = 1
			continue
		}
		fmt.Printf("ok %s\n", t.name)
	}
	return failed
}

func client(socket string, tests []test) int {
	w, err := dial(socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer w.conn.Close()
	return run(tests, w)
}

// The server.

type server struct {
	cachepb.UnimplementedCacheServiceServer
	grpc  *grpc.Server
	data  []byte
	vms   int
	extra metadata.MD
	lock  sync.Mutex
	given int
}

func (s *server) Status(ctx context.Context, _ *empty.Empty) (*cachepb.GrpcStatus, error) {
	if s.extra != nil {
		grpc.SetHeader(ctx, s.extra)
		grpc.SetTrailer(ctx, s.extra)
	}
	return &cachepb.GrpcStatus{Pid: int64(os.Getpid()),
		Vmstatus: []*cachepb.GrpcVMStatus{
			{Pid: 4343, Cpu: 1, Memory: 2048},
			{Pid: 4444, Cpu: 2, Memory: 128},
		}}, nil
}

func (s *server) Config(context.Context, *empty.Empty) (*cachepb.GrpcVMConfig, error) {
	return &cachepb.GrpcVMConfig{Data: s.data,
		AgentConfig: []byte(`{"LongLiveConn":true}`)}, nil
}

func (s *server) GetBaseVM(ctx context.Context, _ *empty.Empty) (*cachepb.GrpcVM, error) {
	s.lock.Lock()
	s.given++
	n := s.given
	s.lock.Unlock()
	if n > s.vms {
		<-ctx.Done()
		if ctx.Err() == context.DeadlineExceeded {
			fmt.Println("deadline")
		} else {
			fmt.Println("cancelled")
		}
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	id := fmt.Sprintf("vm-%d", n)
	fmt.Println("gave", id)
	return &cachepb.GrpcVM{Id: id, Hypervisor: []byte(`{"Pid":7}`),
		Cpu: 3, Memory: 512, CpuDelta: 1,
		ProxyPid: 9, ProxyURL: "vsock://3:1024"}, nil
}

func (s *server) Quit(context.Context, *empty.Empty) (*empty.Empty, error) {
	go s.grpc.GracefulStop()
	return &empty.Empty{}, nil
}

func serve(socket string) error {
	s := &server{grpc: grpc.NewServer()}
	s.vms, _ = strconv.Atoi(os.Getenv("PEER_VMS"))
	if n, _ := strconv.Atoi(os.Getenv("PEER_METADATA")); n > 0 {
		s.extra = metadata.Pairs("x-filler", strings.Repeat("x", n))
	}
	var err error
	s.data, err = os.ReadFile(os.Getenv("PEER_DATA"))
	if err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	cachepb.RegisterCacheServiceServer(s.grpc, s)
	return s.grpc.Serve(l)
}

func main() {
	mode := ""
	if len(os.Args) == 3 {
		mode = os.Args[1]
	}
	switch mode {
	case "client":
		os.Exit(client(os.Args[2], tests))
	case "status":
		os.Exit(client(os.Args[2], tests[:1]))
	case "kata":
		os.Exit(client(os.Args[2], kataTests))
	case "server":
		if err := serve(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: peer client|status|kata|server SOCKET")
		os.Exit(2)
	}
}
