//go:build cgo && !windows

package mpi

/*
#cgo linux,amd64 CFLAGS: -I/usr/lib/x86_64-linux-gnu/openmpi/include -pthread
#cgo linux,amd64 LDFLAGS: -pthread -L/usr/lib/x86_64-linux-gnu/openmpi/lib -lmpi
#cgo linux,arm64 CFLAGS: -I/usr/lib/aarch64-linux-gnu/openmpi/include -pthread
#cgo linux,arm64 LDFLAGS: -pthread -L/usr/lib/aarch64-linux-gnu/openmpi/lib -lmpi

#include <mpi.h>
#include <sched.h>
#include <time.h>

static MPI_Comm soa_world(void) { return MPI_COMM_WORLD; }

static int soa_thread_multiple(int *ok) {
	int have = MPI_THREAD_SINGLE;
	int err = MPI_Query_thread(&have);
	*ok = have == MPI_THREAD_MULTIPLE;
	return err;
}

static int soa_dup(MPI_Comm comm, MPI_Comm *dup) {
	int err = MPI_Comm_dup(comm, dup);
	return err ? err : MPI_Comm_set_errhandler(*dup, MPI_ERRORS_RETURN);
}

// A negative color makes no communicator.
static int soa_split(MPI_Comm comm, int color, int key, MPI_Comm *split) {
	return MPI_Comm_split(comm, color < 0 ? MPI_UNDEFINED : color, key, split);
}

static int soa_test(MPI_Request *request, int *done) {
	return MPI_Test(request, done, MPI_STATUS_IGNORE);
}

static int soa_isend(void *data, int n, int to, int tag, MPI_Comm comm, MPI_Request *request, int *done) {
	int err = MPI_Isend(data, n, MPI_BYTE, to, tag, comm, request);
	return err ? err : soa_test(request, done);
}

// A message that has been found, and that only the finder can receive.
typedef struct {
	MPI_Message message;
	int found, from, tag, n;
} soa_found;

static int soa_find(int from, MPI_Comm comm, soa_found *f) {
	MPI_Status status;
	int err = MPI_Improbe(from < 0 ? MPI_ANY_SOURCE : from, MPI_ANY_TAG, comm, &f->found, &f->message, &status);
	if (err || !f->found) return err;
	f->from = status.MPI_SOURCE;
	f->tag = status.MPI_TAG;
	return MPI_Get_count(&status, MPI_BYTE, &f->n);
}

static int soa_irecv(void *data, soa_found *f, MPI_Request *request, int *done) {
	int err = MPI_Imrecv(data, f->n, MPI_BYTE, &f->message, request);
	return err ? err : soa_test(request, done);
}

static void soa_sleep(long nanoseconds) {
	struct timespec t = {0, nanoseconds};
	nanosleep(&t, NULL);
}
*/
import "C"

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"
)

// handle is an MPI communicator.
type handle struct{ c C.MPI_Comm }

// check makes an error of what an MPI call returned.
func check(call string, code C.int) error {
	if code == C.MPI_SUCCESS {
		return nil
	}
	var text [C.MPI_MAX_ERROR_STRING]C.char
	var n C.int
	C.MPI_Error_string(code, &text[0], &n)
	return fmt.Errorf("mpi: %s: %s", call, C.GoStringN(&text[0], n))
}

func finalized() bool {
	var flag C.int
	C.MPI_Finalized(&flag)
	return flag != 0
}

func threadMultiple() (bool, error) {
	var ok C.int
	err := check("MPI_Query_thread", C.soa_thread_multiple(&ok))
	return ok != 0, err
}

func processorName() (string, error) {
	var text [C.MPI_MAX_PROCESSOR_NAME]C.char
	var n C.int
	err := check("MPI_Get_processor_name", C.MPI_Get_processor_name(&text[0], &n))
	return C.GoStringN(&text[0], n), err
}

// dupWorld returns a communicator of all ranks that returns errors.
func dupWorld() (handle, error) {
	var h handle
	return h, check("MPI_Comm_dup", C.soa_dup(C.soa_world(), &h.c))
}

// split blocks until all ranks of h have called it.
func (h handle) split(color, key int) (handle, error) {
	var made handle
	return made, check("MPI_Comm_split", C.soa_split(h.c, C.int(color), C.int(key), &made.c))
}

// A transfer is a message that MPI reads from or writes to Go memory, which is
// pinned until it is done.
type transfer struct {
	request C.MPI_Request
	pin     runtime.Pinner
	done    bool
}

// memory pins data and returns its address; data without bytes have none.
func (t *transfer) memory(data []byte) unsafe.Pointer {
	if len(data) == 0 {
		return nil
	}
	p := unsafe.Pointer(unsafe.SliceData(data))
	t.pin.Pin(p)
	return p
}

// isend starts to send.
func (h handle) isend(to, tag int, data []byte) (*transfer, error) {
	t := new(transfer)
	var done C.int
	code := C.soa_isend(t.memory(data), C.int(len(data)), C.int(to), C.int(tag), h.c, &t.request, &done)
	return t, t.note("MPI_Isend", code, done)
}

// irecv starts to receive a message that was found, into data of its length.
func irecv(f *found, data []byte) (*transfer, error) {
	t := new(transfer)
	var done C.int
	code := C.soa_irecv(t.memory(data), &f.c, &t.request, &done)
	return t, t.note("MPI_Imrecv", code, done)
}

// test finds out whether t is done.
func (t *transfer) test() error {
	if t.done {
		return nil
	}
	var done C.int
	return t.note("MPI_Test", C.soa_test(&t.request, &done), done)
}

func (t *transfer) note(call string, code, done C.int) error {
	if t.done = done != 0 || code != C.MPI_SUCCESS; t.done {
		t.pin.Unpin()
	}
	return check(call, code)
}

// found is a message that can be received.
type found struct{ c C.soa_found }

func (f *found) from() int { return int(f.c.from) }
func (f *found) tag() int  { return int(f.c.tag) }
func (f *found) len() int  { return int(f.c.n) }

// anyRank is a from of find.
const anyRank = -1

// find looks for the next message of a rank, and reports whether there is one.
func (h handle) find(from int, f *found) (bool, error) {
	err := check("MPI_Improbe", C.soa_find(C.int(from), h.c, &f.c))
	return f.c.found != 0, err
}

// yield lets another process of the machine run.
func yield() { C.sched_yield() }

// sleep pauses for less than a second. Unlike time.Sleep it keeps to microseconds
// when the program is otherwise idle.
func sleep(d time.Duration) { C.soa_sleep(C.long(d)) }
