// SPDX-License-Identifier: Apache-2.0

// ttrpc for Go (github.com/containerd/ttrpc) at either end of the endpoint:
// see ../go/main.go.
//
//	peer client SOCKET    the cases that all peers have
//	peer server SOCKET    a cache server, until Quit; and test.Echo, which
//	                      tests/interop/interop_client.c asks for more
//	peer deep SOCKET      more cases, of a server of ours (deep.go)
//
// ttrpc has no message that gives up a call: who wants to, hangs up.
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

	"github.com/containerd/ttrpc"
	"github.com/golang/protobuf/ptypes/empty"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const service = "cache.CacheService"

// The client.

type world struct {
	socket string
	client *ttrpc.Client
	taken  map[string]bool
}

func (w *world) connect() error {
	conn, err := net.Dial("unix", w.socket)
	if err == nil {
		w.client = ttrpc.NewClient(conn)
	}
	return err
}

func getStatus(ctx context.Context, c *ttrpc.Client) (*cachepb.GrpcStatus, error) {
	var s cachepb.GrpcStatus
	err := c.Call(ctx, service, "Status", &empty.Empty{}, &s)
	if err == nil && s.Pid <= 0 {
		err = fmt.Errorf("pid %d", s.Pid)
	}
	return &s, err
}

func (w *world) checkStatus(ctx context.Context) error {
	_, err := getStatus(ctx, w.client)
	return err
}

// number: what the environment says, or else
func number(name string, or int64) int64 {
	n, err := strconv.ParseInt(os.Getenv(name), 10, 64)
	if err != nil {
		return or
	}
	return n
}

func testStatus(ctx context.Context, w *world) error {
	s, err := getStatus(ctx, w.client)
	if err != nil {
		return err
	}
	if s.Pid != number("PEER_PID", s.Pid) || len(s.Vmstatus) != 2 {
		return fmt.Errorf("Status %v", s)
	}
	for _, vm := range s.Vmstatus {
		if vm.Cpu == 0 || vm.Memory == 0 {
			return fmt.Errorf("VM %v", vm)
		}
	}
	return nil
}

func testConfig(ctx context.Context, w *world) error {
	var c cachepb.GrpcVMConfig
	err := w.client.Call(ctx, service, "Config", &empty.Empty{}, &c)
	if err != nil {
		return err
	}
	if !strings.Contains(string(c.Data), `"HypervisorType":"`) ||
		!strings.HasPrefix(string(c.AgentConfig), "{") {
		return fmt.Errorf("Config %.100q %.100q", c.Data, c.AgentConfig)
	}
	return nil
}

func wantCode(err error, code codes.Code, text string) error {
	s, ok := status.FromError(err)
	if !ok || s.Code() != code || !strings.Contains(s.Message(), text) {
		return fmt.Errorf("got %v, not %v %q", err, code, text)
	}
	return nil
}

func (w *world) unknown(ctx context.Context, service, method, text string) error {
	code := codes.Code(number("PEER_UNKNOWN", int64(codes.Unimplemented)))
	err := w.client.Call(ctx, service, method, &empty.Empty{},
		&empty.Empty{})
	if err = wantCode(err, code, text); err != nil {
		return err
	}
	return w.checkStatus(ctx)
}

func testUnknownMethod(ctx context.Context, w *world) error {
	return w.unknown(ctx, service, "Nope", "Nope")
}

func testUnknownService(ctx context.Context, w *world) error {
	return w.unknown(ctx, "no.Such", "Status", "no.Such")
}

func testCalls200(ctx context.Context, w *world) error {
	for i := 0; i < 200; i++ {
		if err := w.checkStatus(ctx); err != nil {
			return fmt.Errorf("call %d: %v", i, err)
		}
	}
	return nil
}

func atOnce(n int, call func() error) error {
	results := make(chan error, n)
	for i := 0; i < n; i++ {
		go func() { results <- call() }()
	}
	for i := 0; i < n; i++ {
		if err := <-results; err != nil {
			return err
		}
	}
	return nil
}

func testCalls16AtOnce(ctx context.Context, w *world) error {
	return atOnce(16, func() error { return w.checkStatus(ctx) })
}

func testMetadata300(ctx context.Context, w *world) error {
	md := ttrpc.MD{}
	md.Set("x-filler", strings.Repeat("x", 290))
	md.Append("x-filler", "again")
	return w.checkStatus(ttrpc.WithMetadata(ctx, md))
}

func (w *world) take(ctx context.Context, c *ttrpc.Client) error {
	var vm cachepb.GrpcVM
	err := c.Call(ctx, service, "GetBaseVM", &empty.Empty{}, &vm)
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
	if err := w.take(ctx, w.client); err != nil {
		return err
	}
	return w.take(ctx, w.client)
}

// Takes VMs until there is none in time.
func testDeadline(ctx context.Context, w *world) error {
	var err error
	for i := 0; i < 20 && err == nil; i++ {
		short, cancel := context.WithTimeout(ctx,
			300*time.Millisecond)
		err = w.take(short, w.client)
		cancel()
	}
	if err != context.DeadlineExceeded {
		err = wantCode(err, codes.DeadlineExceeded, "")
		if err != nil {
			return err
		}
	}
	return w.checkStatus(ctx)
}

// Gives up a call that the server has: Status was answered behind it, often
// enough for the call to have got ahead.
func (w *world) giveUp(ctx context.Context) error {
	c := w.client
	result := make(chan error, 1)
	go func() { result <- w.take(context.Background(), c) }()
	for i := 0; i < 10; i++ {
		if err := w.checkStatus(ctx); err != nil {
			return err
		}
	}
	c.Close()
	err := <-result
	if again := w.connect(); again != nil {
		return again
	}
	return err
}

func testCancel(ctx context.Context, w *world) error {
	var err error
	for i := 0; i < 20 && err == nil; i++ {
		err = w.giveUp(ctx)
	}
	if err != ttrpc.ErrClosed {
		return fmt.Errorf("%v", err)
	}
	return w.checkStatus(ctx)
}

func testQuit(ctx context.Context, w *world) error {
	return w.client.Call(ctx, service, "Quit", &empty.Empty{},
		&empty.Empty{})
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
	{"get_base_vm", testGetBaseVM},
	{"deadline", testDeadline},
	{"cancel", testCancel},
	{"quit", testQuit},
}

func client(socket string, tests []test) (failed int) {
	w := &world{socket: socket, taken: map[string]bool{}}
	dialled := w.connect()
	for _, t := range tests {
		ctx, cancel := context.WithTimeout(context.Background(),
			20*time.Second)
		err := dialled
		if err == nil {
			err = t.body(ctx, w)
		}
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

// The server.

type server struct {
	data  []byte
	vms   int64
	lock  sync.Mutex
	given int64
	quit  chan bool
	calls sync.WaitGroup // that wait
}

func (s *server) getBaseVM(ctx context.Context) (interface{}, error) {
	s.lock.Lock()
	s.given++
	n := s.given
	s.lock.Unlock()
	if n > s.vms {
		s.calls.Add(1)
		defer s.calls.Done()
		<-ctx.Done()
		if ctx.Err() == context.DeadlineExceeded {
			fmt.Println("deadline")
		} else {
			fmt.Println("cancelled")
		}
		return nil, ctx.Err()
	}
	id := fmt.Sprintf("vm-%d", n)
	fmt.Println("gave", id)
	return &cachepb.GrpcVM{Id: id, Hypervisor: []byte(`{"Pid":7}`),
		Cpu: 3, Memory: 512, CpuDelta: 1,
		ProxyPid: 9, ProxyURL: "vsock://3:1024"}, nil
}

// method: what answers an empty request
func method(answer func(ctx context.Context) (interface{}, error)) ttrpc.Method {
	return func(ctx context.Context, read func(interface{}) error) (interface{}, error) {
		if err := read(&empty.Empty{}); err != nil {
			return nil, err
		}
		return answer(ctx)
	}
}

func (s *server) methods() map[string]ttrpc.Method {
	return map[string]ttrpc.Method{
		"Status": method(func(context.Context) (interface{}, error) {
			return &cachepb.GrpcStatus{Pid: int64(os.Getpid()),
				Vmstatus: []*cachepb.GrpcVMStatus{
					{Pid: 4343, Cpu: 1, Memory: 2048},
					{Pid: 4444, Cpu: 2, Memory: 128},
				}}, nil
		}),
		"Config": method(func(context.Context) (interface{}, error) {
			return &cachepb.GrpcVMConfig{Data: s.data,
				AgentConfig: []byte(`{"LongLiveConn":true}`)}, nil
		}),
		"GetBaseVM": method(s.getBaseVM),
		"Quit": method(func(context.Context) (interface{}, error) {
			s.quit <- true
			return &empty.Empty{}, nil
		}),
	}
}

func serve(socket string) error {
	data, err := os.ReadFile(os.Getenv("PEER_DATA"))
	if err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	t, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	s := &server{data: data, vms: number("PEER_VMS", 0),
		quit: make(chan bool, 2)}
	t.Register(service, s.methods())
	t.Register("test.Echo", echoMethods)
	go t.Serve(context.Background(), l)
	<-s.quit
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	t.Shutdown(ctx) // waits for the answer, too
	s.calls.Wait()
	return nil
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
	case "deep":
		os.Exit(client(os.Args[2], deepTests))
	case "server":
		if err := serve(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: peer client|status|deep|server SOCKET")
		os.Exit(2)
	}
}
