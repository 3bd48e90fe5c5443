// SPDX-License-Identifier: Apache-2.0

// Somebody else's ttrpc (github.com/containerd/ttrpc) at the other end of
// our socket: as the client of our server, and as the server of our client.
//
//	peer client ENDPOINT PID     tests of a server whose pid is PID and
//	                             that keeps 2 VMs, each 300 ms in boot
//	peer quit ENDPOINT           the last one of these
//	peer serve ENDPOINT          a server, until it is killed
//
// Tests print lines as tests/unit/test.h does.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"github.com/gogo/protobuf/proto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const service = "cache.CacheService"

// The messages of cache.proto, as Kata's generated code has them.

type Empty struct{}

type GrpcVMStatus struct {
	Pid    int64  `protobuf:"varint,1,opt,name=pid,proto3"`
	Cpu    uint32 `protobuf:"varint,2,opt,name=cpu,proto3"`
	Memory uint32 `protobuf:"varint,3,opt,name=memory,proto3"`
}

type GrpcStatus struct {
	Pid      int64           `protobuf:"varint,1,opt,name=pid,proto3"`
	Vmstatus []*GrpcVMStatus `protobuf:"bytes,2,rep,name=vmstatus"`
}

type GrpcVMConfig struct {
	Data        []byte `protobuf:"bytes,1,opt,name=Data,proto3"`
	AgentConfig []byte `protobuf:"bytes,2,opt,name=AgentConfig,proto3"`
}

type GrpcVM struct {
	Id         string `protobuf:"bytes,1,opt,name=id,proto3"`
	Hypervisor []byte `protobuf:"bytes,2,opt,name=hypervisor,proto3"`
	ProxyPid   int64  `protobuf:"varint,3,opt,name=proxyPid,proto3"`
	ProxyURL   string `protobuf:"bytes,4,opt,name=proxyURL,proto3"`
	Cpu        uint32 `protobuf:"varint,5,opt,name=cpu,proto3"`
	Memory     uint32 `protobuf:"varint,6,opt,name=memory,proto3"`
	CpuDelta   uint32 `protobuf:"varint,7,opt,name=cpuDelta,proto3"`
}

// Blob is what test.Echo takes and gives.
type Blob struct {
	Data []byte `protobuf:"bytes,1,opt,name=data,proto3"`
}

func (m *Empty) Reset()                { *m = Empty{} }
func (m *Empty) String() string        { return proto.CompactTextString(m) }
func (*Empty) ProtoMessage()           {}
func (m *GrpcVMStatus) Reset()         { *m = GrpcVMStatus{} }
func (m *GrpcVMStatus) String() string { return proto.CompactTextString(m) }
func (*GrpcVMStatus) ProtoMessage()    {}
func (m *GrpcStatus) Reset()           { *m = GrpcStatus{} }
func (m *GrpcStatus) String() string   { return proto.CompactTextString(m) }
func (*GrpcStatus) ProtoMessage()      {}
func (m *GrpcVMConfig) Reset()         { *m = GrpcVMConfig{} }
func (m *GrpcVMConfig) String() string { return proto.CompactTextString(m) }
func (*GrpcVMConfig) ProtoMessage()    {}
func (m *GrpcVM) Reset()               { *m = GrpcVM{} }
func (m *GrpcVM) String() string       { return proto.CompactTextString(m) }
func (*GrpcVM) ProtoMessage()          {}
func (m *Blob) Reset()                 { *m = Blob{} }
func (m *Blob) String() string         { return proto.CompactTextString(m) }
func (*Blob) ProtoMessage()            {}

// The client.

type world struct {
	endpoint string
	pid      int64
}

// A connection and a client on it, for 10 seconds.
func (w *world) dial() (*ttrpc.Client, context.Context, error) {
	conn, err := net.Dial("unix", w.endpoint)
	if err != nil {
		return nil, nil, err
	}
	ctx, _ := context.WithTimeout(context.Background(), 10*time.Second)
	return ttrpc.NewClient(conn), ctx, nil
}

func getStatus(ctx context.Context, c *ttrpc.Client) (*GrpcStatus, error) {
	var s GrpcStatus
	return &s, c.Call(ctx, service, "Status", &Empty{}, &s)
}

func testStatus(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := getStatus(ctx, c)
	if err != nil {
		return err
	}
	if s.Pid != w.pid {
		return fmt.Errorf("pid %d, not %d", s.Pid, w.pid)
	}
	if len(s.Vmstatus) != 2 {
		return fmt.Errorf("%d VMs, not 2", len(s.Vmstatus))
	}
	for _, vm := range s.Vmstatus {
		if vm.Cpu != 1 || vm.Memory == 0 {
			return fmt.Errorf("VM %v", vm)
		}
	}
	return nil
}

func testConfig(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	var config GrpcVMConfig
	err = c.Call(ctx, service, "Config", &Empty{}, &config)
	if err != nil {
		return err
	}
	var fields map[string]interface{}
	if err = json.Unmarshal(config.Data, &fields); err != nil {
		return err
	}
	if fields["HypervisorType"] != "mock" {
		return fmt.Errorf("HypervisorType %v", fields["HypervisorType"])
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

func testUnknown(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	err = c.Call(ctx, service, "Nope", &Empty{}, &Empty{})
	if err = wantCode(err, codes.Unimplemented, "Nope"); err != nil {
		return err
	}
	err = c.Call(ctx, "no.Such", "Status", &Empty{}, &Empty{})
	if err = wantCode(err, codes.Unimplemented, "no.Such"); err != nil {
		return err
	}
	_, err = getStatus(ctx, c)
	return err
}

func testOversize(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for _, size := range []int{1 << 10, 100 << 10, 4<<20 - 100} {
		blob := &Blob{Data: make([]byte, size)}
		err = c.Call(ctx, service, "Status", blob, &Empty{})
		err = wantCode(err, codes.ResourceExhausted,
			"exceed maximum message size of")
		if err != nil {
			return err
		}
		if _, err = getStatus(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func testMetadata(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	md := ttrpc.MD{}
	md.Set("trace", "abc", "def")
	_, err = getStatus(ttrpc.WithMetadata(ctx, md), c)
	return err
}

// Many calls at once on one connection.
func testInFlight(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	return atOnce(32, func(i int) error {
		for k := 0; k < 50; k++ {
			s, err := getStatus(ctx, c)
			if err != nil {
				return err
			}
			if s.Pid != w.pid {
				return fmt.Errorf("pid %d", s.Pid)
			}
		}
		return nil
	})
}

// One call each on many connections, all open at the same time.
func testConnections(w *world) error {
	return atOnce(40, func(i int) error {
		c, ctx, err := w.dial()
		if err != nil {
			return err
		}
		defer c.Close()
		for k := 0; k < 10; k++ {
			if _, err = getStatus(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func atOnce(n int, call func(i int) error) error {
	var group sync.WaitGroup
	failures := make(chan error, n)
	for i := 0; i < n; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			if err := call(i); err != nil {
				failures <- err
			}
		}(i)
	}
	group.Wait()
	close(failures)
	return <-failures
}

// Takes both VMs; the next caller's deadline is short, while Status is
// answered; the one after waits for the refill.
func testGetBaseVM(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	seen := map[string]bool{}
	take := func(ctx context.Context) error {
		var vm GrpcVM
		err := c.Call(ctx, service, "GetBaseVM", &Empty{}, &vm)
		if err != nil {
			return err
		}
		if vm.Id == "" || seen[vm.Id] {
			return fmt.Errorf("VM id %q", vm.Id)
		}
		if vm.Cpu != 1 || vm.Memory == 0 {
			return fmt.Errorf("VM %v", vm)
		}
		seen[vm.Id] = true
		return nil
	}
	for i := 0; i < 2; i++ {
		if err = take(ctx); err != nil {
			return err
		}
	}
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	waiting := make(chan error)
	go func() { waiting <- take(short) }()
	if _, err = getStatus(ctx, c); err != nil {
		return err
	}
	if err = <-waiting; err == nil {
		return fmt.Errorf("a VM before its deadline")
	}
	if err != context.DeadlineExceeded {
		err = wantCode(err, codes.DeadlineExceeded, "")
		if err != nil {
			return err
		}
	}
	return take(ctx)
}

// What Go's client does not do by itself is written out in bytes.

type raw struct {
	net.Conn
}

func (w *world) dialRaw() (*raw, error) {
	conn, err := net.Dial("unix", w.endpoint)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return &raw{conn}, nil
}

func frame(stream uint32, kind byte, data []byte) []byte {
	head := make([]byte, 10)
	binary.BigEndian.PutUint32(head, uint32(len(data)))
	binary.BigEndian.PutUint32(head[4:], stream)
	head[8] = kind
	return append(head, data...)
}

func request(stream uint32, method string, timeout time.Duration) []byte {
	data, err := proto.Marshal(&ttrpc.Request{
		Service:     service,
		Method:      method,
		TimeoutNano: timeout.Nanoseconds(),
	})
	if err != nil {
		panic(err)
	}
	return frame(stream, 1, data)
}

func (r *raw) response() (uint32, *ttrpc.Response, error) {
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	data := make([]byte, binary.BigEndian.Uint32(head))
	if _, err := io.ReadFull(r, data); err != nil {
		return 0, nil, err
	}
	if head[8] != 2 || head[9] != 0 {
		return 0, nil, fmt.Errorf("header %s", hex.EncodeToString(head))
	}
	var response ttrpc.Response
	err := proto.Unmarshal(data, &response)
	return binary.BigEndian.Uint32(head[4:]), &response, err
}

func (r *raw) want(stream uint32, code int32, text string) error {
	got, response, err := r.response()
	if err != nil {
		return err
	}
	var gotCode int32
	var gotText string
	if response.Status != nil {
		gotCode = response.Status.Code
		gotText = response.Status.Message
	}
	if got != stream || gotCode != code || !strings.Contains(gotText, text) {
		return fmt.Errorf("stream %d, code %d, %q; not %d, %d, %q", got,
			gotCode, gotText, stream, code, text)
	}
	return nil
}

func testPipelined(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	var all []byte
	for i := uint32(0); i < 40; i++ {
		all = append(all, request(2*i+1, "Status", 0)...)
	}
	if _, err = r.Write(all); err != nil {
		return err
	}
	for i := uint32(0); i < 40; i++ {
		if err = r.want(2*i+1, 0, ""); err != nil {
			return err
		}
	}
	return nil
}

func testByteByByte(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	for _, b := range request(1, "Status", 0) {
		if _, err = r.Write([]byte{b}); err != nil {
			return err
		}
	}
	return r.want(1, 0, "")
}

func testServerKeepsDeadline(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	for i := uint32(0); i < 2; i++ {
		r.Write(request(2*i+1, "GetBaseVM", 5*time.Second))
		if err = r.want(2*i+1, 0, ""); err != nil {
			return err
		}
	}
	begun := time.Now()
	r.Write(request(5, "GetBaseVM", 200*time.Millisecond))
	if err = r.want(5, 4, ""); err != nil {
		return err
	}
	took := time.Since(begun)
	if took < 150*time.Millisecond || took > 900*time.Millisecond {
		return fmt.Errorf("deadline of 200 ms kept in %v", took)
	}
	r.Write(request(7, "GetBaseVM", -time.Second))
	if err = r.want(7, 4, ""); err != nil {
		return err
	}
	r.Write(request(9, "GetBaseVM", 5*time.Second))
	return r.want(9, 0, "")
}

func testHalfClose(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	for i := uint32(0); i < 3; i++ {
		r.Write(request(2*i+1, "GetBaseVM", 5*time.Second))
	}
	if err = r.Conn.(*net.UnixConn).CloseWrite(); err != nil {
		return err
	}
	for i := uint32(0); i < 3; i++ {
		if err = r.want(2*i+1, 0, ""); err != nil {
			return err
		}
	}
	if _, err = r.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("no end, but %v", err)
	}
	return nil
}

func testBadFrames(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	r.Write(request(2, "Status", 0))
	if err = r.want(2, 3, "StreamID must be odd"); err != nil {
		return err
	}
	r.Write(frame(1, 1, []byte{0xff}))
	if err = r.want(1, 3, "unmarshal request error"); err != nil {
		return err
	}
	r.Write(request(5, "Status", 0))
	if err = r.want(5, 0, ""); err != nil {
		return err
	}
	r.Write(request(3, "Status", 0))
	if err = r.want(3, 3, "cannot be re-used"); err != nil {
		return err
	}
	r.Write(frame(7, 3, []byte("data")))
	if err = r.want(7, 3, "no longer active"); err != nil {
		return err
	}
	r.Write(frame(7, 9, []byte("from the future")))
	r.Write(request(7, "Status", 0))
	return r.want(7, 0, "")
}

func testGarbage(w *world) error {
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "\xff"} {
		r, err := w.dialRaw()
		if err != nil {
			return err
		}
		defer r.Close()
		r.Write([]byte(text))
		if _, err = io.Copy(io.Discard, r); err != nil &&
			!strings.Contains(err.Error(), "reset") {
			return fmt.Errorf("not closed: %v", err)
		}
	}
	return testMetadata(w)
}

func testQuit(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Call(ctx, service, "Quit", &Empty{}, &Empty{})
}

type test struct {
	name string
	body func(w *world) error
}

var tests = []test{
	{"status", testStatus},
	{"config", testConfig},
	{"unknown_method_and_service", testUnknown},
	{"oversize_requests", testOversize},
	{"metadata", testMetadata},
	{"calls_in_flight", testInFlight},
	{"connections", testConnections},
	{"pipelined", testPipelined},
	{"byte_by_byte", testByteByByte},
	{"get_base_vm", testGetBaseVM},
	{"server_keeps_the_deadline", testServerKeepsDeadline},
	{"half_close", testHalfClose},
	{"bad_frames", testBadFrames},
	{"garbage", testGarbage},
}

// Each test begins with both VMs there.
func (w *world) settle() error {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		c, ctx, err := w.dial()
		if err != nil {
			return err
		}
		s, err := getStatus(ctx, c)
		c.Close()
		if err != nil {
			return err
		}
		if len(s.Vmstatus) == 2 {
			return nil
		}
		<-time.After(20 * time.Millisecond)
	}
	return fmt.Errorf("the pool was not filled in 10 s")
}

func run(w *world, tests []test) (failed int) {
	for _, t := range tests {
		err := w.settle()
		if err == nil {
			err = t.body(w)
		}
		if err != nil {
			fmt.Printf("not ok go_client_%s: %v\n", t.name, err)
			failed++
			continue
		}
		fmt.Printf("ok go_client_%s\n", t.name)
	}
	return failed
}

// The server.

func method(fn func(ctx context.Context, in *Blob) (interface{}, error)) ttrpc.Method {
	return func(ctx context.Context, read func(interface{}) error) (interface{}, error) {
		var in Blob
		if err := read(&in); err != nil {
			return nil, err
		}
		return fn(ctx, &in)
	}
}

func number(in *Blob) int {
	n, err := strconv.Atoi(string(in.Data))
	if err != nil {
		panic(err)
	}
	return n
}

var cacheMethods = map[string]ttrpc.Method{
	"Status": method(func(context.Context, *Blob) (interface{}, error) {
		return &GrpcStatus{Pid: 4242, Vmstatus: []*GrpcVMStatus{
			{Pid: 4343, Cpu: 1, Memory: 2048},
			{Pid: 4444, Cpu: 2, Memory: 128},
		}}, nil
	}),
	"Config": method(func(context.Context, *Blob) (interface{}, error) {
		return &GrpcVMConfig{
			Data:        []byte(`{"HypervisorType":"qemu"}`),
			AgentConfig: []byte("{}"),
		}, nil
	}),
	"GetBaseVM": method(func(context.Context, *Blob) (interface{}, error) {
		return &GrpcVM{Id: "a-vm", Hypervisor: []byte(`{"Pid":7}`),
			Cpu: 3, Memory: 512, CpuDelta: 1,
			ProxyPid: 9, ProxyURL: "vsock://3:1024"}, nil
	}),
	"Quit": method(func(context.Context, *Blob) (interface{}, error) {
		return &Empty{}, nil
	}),
}

var echoMethods = map[string]ttrpc.Method{
	"Echo": method(func(_ context.Context, in *Blob) (interface{}, error) {
		return in, nil
	}),
	"Sleep": method(func(ctx context.Context, in *Blob) (interface{}, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(number(in)) * time.Millisecond):
			return in, nil
		}
	}),
	"Deadline": method(func(ctx context.Context, in *Blob) (interface{}, error) {
		end, ok := ctx.Deadline()
		if !ok {
			return &Blob{Data: []byte("none")}, nil
		}
		left := time.Until(end).Milliseconds()
		return &Blob{Data: []byte(fmt.Sprint(left))}, nil
	}),
	"Big": method(func(_ context.Context, in *Blob) (interface{}, error) {
		return &Blob{Data: bytes.Repeat([]byte("x"), number(in))}, nil
	}),
	"Fail": method(func(context.Context, *Blob) (interface{}, error) {
		return nil, status.Error(codes.NotFound, "no such thing")
	}),
	"Plain": method(func(context.Context, *Blob) (interface{}, error) {
		return nil, fmt.Errorf("plain error")
	}),
	"Die": method(func(context.Context, *Blob) (interface{}, error) {
		os.Exit(0)
		return nil, nil
	}),
}

func serve(endpoint string) error {
	s, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	s.Register(service, cacheMethods)
	s.Register("test.Echo", echoMethods)
	l, err := net.Listen("unix", endpoint)
	if err != nil {
		return err
	}
	return s.Serve(context.Background(), l)
}

func main() {
	var err error
	failed := 0
	switch {
	case len(os.Args) == 4 && os.Args[1] == "client":
		w := &world{endpoint: os.Args[2]}
		w.pid, err = strconv.ParseInt(os.Args[3], 10, 64)
		if err == nil {
			failed = run(w, tests)
		}
	case len(os.Args) == 3 && os.Args[1] == "quit":
		w := &world{endpoint: os.Args[2]}
		failed = run(w, []test{{"quit", testQuit}})
	case len(os.Args) == 3 && os.Args[1] == "serve":
		err = serve(os.Args[2])
	default:
		err = fmt.Errorf("usage: peer client ENDPOINT PID | " +
			"quit ENDPOINT | serve ENDPOINT")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}
