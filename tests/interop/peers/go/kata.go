// SPDX-License-Identifier: Apache-2.0

// What Kata's runtime does with a cache server: the client of its factory
// (virtcontainers/factory/grpccache) and `kata-runtime factory status` and
// `destroy`. JSON is decoded into Go structs with the fields and types that
// Kata's have, in the release that brought VMCache (1.6) and in a recent one
// (4.1): a value of the wrong type, or a key that belongs to neither, is an
// error.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/golang/protobuf/ptypes/empty"
)

type param struct{ Key, Value string }

// Both releases have these, with these types.
type hypervisorCommon struct {
	DefaultMaxVCPUs, MemorySize, DefaultBridges, Msize9p, MemSlots uint32
	KernelParams, HypervisorParams                                 []param

	KernelPath, ImagePath, InitrdPath, FirmwarePath,
	MachineAccelerators, HypervisorPath, BlockDeviceDriver,
	HypervisorMachineType, MemoryPath, DevicesStatePath, EntropySource,
	GuestHookPath string

	BlockDeviceCacheSet, BlockDeviceCacheDirect,
	BlockDeviceCacheNoflush, DisableBlockDeviceUse, EnableIOThreads,
	Debug, MemPrealloc, HugePages, DisableNestingChecks,
	BootToBeTemplate, BootFromTemplate, DisableVhostNet bool
}

type hypervisor1 struct {
	hypervisorCommon
	NumVCPUs, MemOffset uint32

	Realtime, Mlock, UseVSock, HotplugVFIOOnRootBus bool
}

type config1 struct {
	HypervisorType, AgentType, ProxyType string
	HypervisorConfig                     hypervisor1
	AgentConfig                          agent1
	ProxyConfig                          struct {
		Path  string
		Debug bool
	}
}

type agent1 struct {
	LongLiveConn, UseVSock, Debug, Trace bool
	TraceMode, TraceType                 string
}

type device struct {
	DriverOptions                          map[string]string
	HostPath, DevType, ID, Port            string
	Major, Minor                           int64
	FileMode, UID, GID                     uint32
	Pmem, ReadOnly, DiscardUnmap, ColdPlug bool
}

type hypervisor4 struct {
	hypervisorCommon
	NumVCPUsF                                  float32
	MemOffset, DefaultMaxMemorySize            uint64
	RxRateLimiterMaxRate, TxRateLimiterMaxRate uint64
	SnpGuestPolicy                             *uint64
	SGXEPCSize, DiskRateLimiterBwMaxRate       int64
	DiskRateLimiterBwOneTimeBurst              int64
	DiskRateLimiterOpsMaxRate                  int64
	DiskRateLimiterOpsOneTimeBurst             int64
	NetRateLimiterBwMaxRate                    int64
	NetRateLimiterBwOneTimeBurst               int64
	NetRateLimiterOpsMaxRate                   int64
	NetRateLimiterOpsOneTimeBurst              int64
	Groups                                     []uint32
	InitdataDigest                             []byte
	VFIODevices, VhostUserBlkDevices           []device
	GuestExtensionImages                       []struct{ Name, Path, VerityParams string }
	GuestNUMANodes                             []struct{ HostNodes, HostCPUs string }

	HypervisorPathList, JailerPathList, EntropySourceList,
	VirtioFSDaemonList, VirtioFSExtraArgs, EnableAnnotations, PFlash,
	VhostUserStorePathList, NUMAMapping []string

	VhostUserDeviceReconnect, PCIeRootPort, PCIeSwitchPort,
	VirtioFSCacheSize, VirtioFSQueueSize, Uid, Gid,
	RemoteHypervisorTimeout, BlockDeviceLogicalSectorSize,
	BlockDevicePhysicalSectorSize, IndepIOThreads, HypervisorLoglevel,
	QgsPort, DefaultGPUs uint32

	RootfsType, FirmwareVolumePath, CPUFeatures, JailerPath, SharedFS,
	SharedPath, VirtioFSDaemon, VirtioFSCache, VhostUserStorePath,
	GuestMemoryDumpPath, VMid, VMStorePath, RunStorePath,
	SELinuxProcessLabel, SeccompSandbox, BlockDeviceAIO,
	RemoteHypervisorSocket, SandboxName, SandboxNamespace, User,
	SnpIdBlock, SnpIdAuth, KernelVerityParams, HotPlugVFIO,
	ColdPlugVFIO, ExtraMonitorSocket, Initdata, InitdataImage,
	DefaultGPUModel, MeasurementAlgo string

	ReclaimGuestFreedMemory, VirtioMem, IOMMU, IOMMUPlatform,
	DisableImageNvdimm, GuestMemoryDumpPaging, ConfidentialGuest,
	SevSnpGuest, EnableVhostUserStore, GuestSwap, Rootless,
	DisableSeccomp, DisableSeLinux, DisableGuestSeLinux,
	LegacySerial bool
}

type agent4 struct {
	KernelModules []string

	ContainerPipeSize, DialTimeout, CdhApiTimeout,
	LaunchProcessTimeout uint32

	LongLiveConn, Debug, Trace, EnableDebugConsole,
	VisibleCdiDevices bool
	Policy string
}

type config4 struct {
	HypervisorType   string
	AgentConfig      agent4
	HypervisorConfig hypervisor4
}

type smp struct{ CPUs, Cores, Threads, Sockets, MaxCPUs uint32 }

type qemu1 struct {
	ID, QmpChannelpath string
	NvdimmCount        int
	QemuSMP            smp
	State              struct {
		Bridges []struct {
			Address  map[uint32]string
			Type, ID string
			Addr     int
		}
		HotpluggedVCPUs      []struct{ ID string }
		HotpluggedMemory     int
		UUID                 string
		HotplugVFIOOnRootBus bool
	}
}

type qemu4 struct {
	ID, QmpChannelpath string
	ContextID          uint64
	NvdimmCount        int
	QemuSMP            smp
	State              struct {
		UUID, HotPlugVFIO, HotplugVFIO, ColdPlugVFIO string
		Bridges                                      []struct {
			Devices            map[uint32]string
			ID, Type, ParentID string
			Addr, MaxCapacity  int
			ParentAddr         int
		}
		HotpluggedVCPUs              []struct{ ID string }
		HotpluggedMemory             int
		VirtiofsDaemonPid            int
		PCIeRootPort, PCIeSwitchPort uint32
	}
}

func decode(data []byte, into ...interface{}) error {
	for _, v := range into {
		if err := json.Unmarshal(data, v); err != nil {
			return fmt.Errorf("%v: %.200q", err, data)
		}
	}
	return nil
}

// grpccache.New
func kataConfig(ctx context.Context, w *world) error {
	c, err := w.cache.Config(ctx, &empty.Empty{})
	if err != nil {
		return err
	}
	var one config1
	var four config4
	if err = decode(c.Data, &one, &four); err != nil {
		return err
	}
	err = decode(c.AgentConfig, &one.AgentConfig, &four.AgentConfig)
	if err != nil {
		return err
	}
	h := four.HypervisorConfig
	if one.HypervisorType != "qemu" || four.HypervisorType != "qemu" ||
		h.HypervisorMachineType == "" || h.NumVCPUsF < 1 ||
		h.DefaultMaxVCPUs < 1 || h.MemorySize == 0 ||
		one.HypervisorConfig.MemorySize != h.MemorySize {
		return fmt.Errorf("Data %.300q", c.Data)
	}
	return nil
}

// One command of QMP; its answer is the first line that is no event.
func execute(qmp net.Conn, in *bufio.Reader, command string) (string, error) {
	_, err := fmt.Fprintf(qmp, `{"execute":"%s"}`, command)
	for err == nil {
		var line string
		line, err = in.ReadString('\n')
		if err == nil && !strings.Contains(line, `"event"`) {
			return line, nil
		}
	}
	return "", fmt.Errorf("%s: %v", command, err)
}

// vm.Resume, and the end of the VM
func resume(path string) error {
	qmp, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	defer qmp.Close()
	qmp.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(qmp)
	if line, err := in.ReadString('\n'); err != nil ||
		!strings.Contains(line, `"QMP"`) {
		return fmt.Errorf("greeting %q, %v", line, err)
	}
	for _, step := range []struct{ command, want string }{
		{"qmp_capabilities", `"return"`},
		{"query-status", `"paused"`},
		{"cont", `"return"`},
		{"query-status", `"running"`},
		{"quit", `"return"`},
	} {
		line, err := execute(qmp, in, step.command)
		if err != nil {
			return err
		}
		if !strings.Contains(line, step.want) {
			return fmt.Errorf("%s: %q", step.command, line)
		}
	}
	return nil
}

// grpccache.GetBaseVM on the connection that Config was asked on, then
// NewVMFromGrpc and Resume.
func kataGetVM(ctx context.Context, w *world) error {
	vm, err := w.cache.GetBaseVM(ctx, &empty.Empty{})
	if err != nil {
		return err
	}
	fmt.Println("taken", vm.Id)
	var one qemu1
	var four qemu4
	if err = decode(vm.Hypervisor, &one, &four); err != nil {
		return err
	}
	if vm.Id == "" || one.ID != vm.Id || four.ID != vm.Id ||
		four.State.UUID != vm.Id || len(one.State.Bridges) != 1 ||
		len(four.State.Bridges) != 1 ||
		four.QemuSMP.CPUs != vm.Cpu || vm.Memory == 0 ||
		vm.CpuDelta != 0 {
		return fmt.Errorf("VM %v", vm)
	}
	return resume(four.QmpChannelpath)
}

// `kata-runtime factory status`
func kataStatus(ctx context.Context, w *world) error {
	s, err := w.cache.Status(ctx, &empty.Empty{})
	if err != nil {
		return err
	}
	fmt.Printf("VM cache server pid = %d\n", s.Pid)
	for _, vm := range s.Vmstatus {
		fmt.Printf("VM pid = %d Cpu = %d Memory = %dMiB\n", vm.Pid,
			vm.Cpu, vm.Memory)
		if _, err = os.Stat(fmt.Sprintf("/proc/%d", vm.Pid)); err != nil {
			return err
		}
	}
	if len(s.Vmstatus) == 0 || want("PEER_PID", s.Pid) != nil {
		return fmt.Errorf("Status %v", s)
	}
	return nil
}

// `kata-runtime factory destroy`: Quit, and a second for the server to go.
func kataDestroy(ctx context.Context, w *world) error {
	if _, err := w.cache.Quit(ctx, &empty.Empty{}); err != nil {
		return err
	}
	<-time.After(time.Second)
	if _, err := os.Stat(w.socket); !os.IsNotExist(err) {
		return fmt.Errorf("socket: %v", err)
	}
	return nil
}

var kataTests = []test{
	{"kata_config", kataConfig},
	{"kata_get_vm", kataGetVM},
	{"kata_factory_status", kataStatus},
	{"kata_factory_destroy", kataDestroy},
}
