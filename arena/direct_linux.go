package arena

import "syscall"

const directFlag = syscall.O_DIRECT
