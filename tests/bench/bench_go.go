// SPDX-License-Identifier: Apache-2.0

// The same calls by github.com/containerd/ttrpc, for the bench:
//
//	bench_go serve ENDPOINT VMS BYTES  answers Status with VMS VMs, and
//	                                   GetBaseVM with BYTES in hypervisor
//	bench_go call ENDPOINT METHOD N    N calls one after the other; prints
//	                                   median and 99th percentile in us
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/containerd/ttrpc"
	"github.com/gogo/protobuf/proto"
)

const service = "cache.CacheService"

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

type GrpcVM struct {
	Id         string `protobuf:"bytes,1,opt,name=id,proto3"`
	Hypervisor []byte `protobuf:"bytes,2,opt,name=hypervisor,proto3"`
	ProxyPid   int64  `protobuf:"varint,3,opt,name=proxyPid,proto3"`
	ProxyURL   string `protobuf:"bytes,4,opt,name=proxyURL,proto3"`
	Cpu        uint32 `protobuf:"varint,5,opt,name=cpu,proto3"`
	Memory     uint32 `protobuf:"varint,6,opt,name=memory,proto3"`
	CpuDelta   uint32 `protobuf:"varint,7,opt,name=cpuDelta,proto3"`
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
func (m *GrpcVM) Reset()               { *m = GrpcVM{} }
func (m *GrpcVM) String() string       { return proto.CompactTextString(m) }
func (*GrpcVM) ProtoMessage()          {}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench_go:", err)
	os.Exit(1)
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		fail(err)
	}
	return n
}

func serve(endpoint string, vms, bytes int) {
	status := &GrpcStatus{Pid: int64(os.Getpid())}
	for i := 0; i < vms; i++ {
		status.Vmstatus = append(status.Vmstatus,
			&GrpcVMStatus{Pid: int64(10000 + i), Cpu: 1, Memory: 128})
	}
	vm := &GrpcVM{
		Id:         "01234567-89ab-4cde-8f01-23456789abcd",
		Hypervisor: make([]byte, bytes), Cpu: 1, Memory: 128,
	}
	answer := func(reply interface{}) ttrpc.Method {
		return func(_ context.Context,
			unmarshal func(interface{}) error) (interface{}, error) {
			return reply, unmarshal(&Empty{})
		}
	}
	server, err := ttrpc.NewServer()
	if err != nil {
		fail(err)
	}
	server.Register(service, map[string]ttrpc.Method{
		"Status": answer(status), "GetBaseVM": answer(vm),
	})
	listener, err := net.Listen("unix", endpoint)
	if err != nil {
		fail(err)
	}
	fail(server.Serve(context.Background(), listener))
}

func call(endpoint, method string, calls int) {
	conn, err := net.Dial("unix", endpoint)
	if err != nil {
		fail(err)
	}
	client := ttrpc.NewClient(conn)
	ctx := context.Background()
	times := make([]float64, 0, calls)
	for i := -calls / 10; i < calls; i++ {
		begun := time.Now()
		if method == "Status" {
			var status GrpcStatus
			err = client.Call(ctx, service, method, &Empty{}, &status)
		} else {
			var vm GrpcVM
			err = client.Call(ctx, service, method, &Empty{}, &vm)
		}
		if err != nil {
			fail(err)
		}
		if i >= 0 {
			times = append(times,
				float64(time.Since(begun).Nanoseconds())/1000)
		}
	}
	sort.Float64s(times)
	fmt.Println(times[calls/2], times[calls*99/100])
}

func main() {
	switch {
	case len(os.Args) == 5 && os.Args[1] == "serve":
		serve(os.Args[2], number(os.Args[3]), number(os.Args[4]))
	case len(os.Args) == 5 && os.Args[1] == "call":
		call(os.Args[2], os.Args[3], number(os.Args[4]))
	default:
		fail(fmt.Errorf("serve ENDPOINT VMS BYTES | call ENDPOINT METHOD N"))
	}
}
