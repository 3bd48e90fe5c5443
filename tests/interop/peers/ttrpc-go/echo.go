// SPDX-License-Identifier: Apache-2.0

// A service that answers in every way a server can.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/containerd/ttrpc"
	"github.com/gogo/protobuf/proto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Blob is what test.Echo takes and gives.
type Blob struct {
	Data []byte `protobuf:"bytes,1,opt,name=data,proto3"`
}

func (m *Blob) Reset()         { *m = Blob{} }
func (m *Blob) String() string { return proto.CompactTextString(m) }
func (*Blob) ProtoMessage()    {}

func echo(fn func(ctx context.Context, in *Blob) (interface{}, error)) ttrpc.Method {
	return func(ctx context.Context, read func(interface{}) error) (interface{}, error) {
		var in Blob
		if err := read(&in); err != nil {
			return nil, err
		}
		return fn(ctx, &in)
	}
}

func count(in *Blob) int {
	n, err := strconv.Atoi(string(in.Data))
	if err != nil {
		panic(err)
	}
	return n
}

var echoMethods = map[string]ttrpc.Method{
	"Echo": echo(func(_ context.Context, in *Blob) (interface{}, error) {
		return in, nil
	}),
	"Sleep": echo(func(ctx context.Context, in *Blob) (interface{}, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(count(in)) * time.Millisecond):
			return in, nil
		}
	}),
	"Deadline": echo(func(ctx context.Context, in *Blob) (interface{}, error) {
		end, ok := ctx.Deadline()
		if !ok {
			return &Blob{Data: []byte("none")}, nil
		}
		left := time.Until(end).Milliseconds()
		return &Blob{Data: []byte(fmt.Sprint(left))}, nil
	}),
	"Big": echo(func(_ context.Context, in *Blob) (interface{}, error) {
		return &Blob{Data: bytes.Repeat([]byte("x"), count(in))}, nil
	}),
	"Fail": echo(func(context.Context, *Blob) (interface{}, error) {
		return nil, status.Error(codes.NotFound, "no such thing")
	}),
	"Plain": echo(func(context.Context, *Blob) (interface{}, error) {
		return nil, fmt.Errorf("plain error")
	}),
	"Die": echo(func(context.Context, *Blob) (interface{}, error) {
		os.Exit(0)
		return nil, nil
	}),
}
