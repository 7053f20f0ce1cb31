//! What the kernel of Linux offers for capture, made safe: packet sockets with a ring of blocks in shared memory
//! (packet(7), TPACKET_V3), filters, fan-out, counters, names of interfaces, options of sockets, and giving privileges
//! up. Beside a call of the allocator the one place of the project with unsafe code; what the blocks hold is read in
//! `block.rs`, without any.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Instruction;

/// Where the status word stands inside a block.
const STATUS_AT: usize = 8;
/// Room in front of a frame, for a VLAN tag that is put back.
const RESERVED: libc::c_int = 4;

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Sets an option of a socket to the bytes of a value that the kernel copies.
fn set_option<T: Copy>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let len = libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the pointer and the length describe `value`, which lives through the call.
    checked(unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, std::ptr::from_ref(value).cast(), len)
    })?;
    Ok(())
}

/// Reads an option of a socket that is made of 32-bit numbers.
fn get_option<T: Copy + Default>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
) -> io::Result<T> {
    let mut value = T::default();
    let mut len = size_of::<T>() as libc::socklen_t;
    // SAFETY: pointer and length describe `value`; every bit pattern is valid for the number types used here.
    checked(unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, option, (&raw mut value).cast(), &raw mut len)
    })?;
    Ok(value)
}

/// Asks for a receive buffer of so many bytes, beyond the limit of the system where that is allowed. Returns what the
/// socket has got, as the kernel counts it.
pub(crate) fn receive_buffer(socket: BorrowedFd<'_>, bytes: usize) -> io::Result<u32> {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    if set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &bytes).is_err() {
        set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, &bytes)?;
    }
    get_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF)
}

/// Has the kernel ask whether the other side is still there.
pub(crate) fn keep_alive(socket: BorrowedFd<'_>) -> io::Result<()> {
    const ON: libc::c_int = 1;
    set_option(socket, libc::SOL_SOCKET, libc::SO_KEEPALIVE, &ON)
}

/// A packet socket. It takes nothing before [`Socket::bind`].
#[derive(Debug)]
pub(super) struct Socket(OwnedFd);

impl Socket {
    pub(super) fn open() -> io::Result<Self> {
        // SAFETY: no memory is handed over.
        let fd = checked(unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) })?;
        // SAFETY: the descriptor was opened just now and belongs to nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    fn set<T: Copy>(&self, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
        set_option(self.0.as_fd(), level, option, value)
    }

    pub(super) fn set_packet(&self, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        self.set(libc::SOL_PACKET, option, &value)
    }

    /// Replaces the filter: an instruction set that returns how many bytes of a packet are kept.
    pub(super) fn attach(&self, program: &[Instruction]) -> io::Result<()> {
        let mut code: Vec<libc::sock_filter> = program
            .iter()
            .map(|step| libc::sock_filter { code: step.code, jt: step.jt, jf: step.jf, k: step.k })
            .collect();
        let len = u16::try_from(code.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        // The kernel copies the program; `code` lives until the call is over.
        let program = libc::sock_fprog { len, filter: code.as_mut_ptr() };
        self.set(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
    }

    /// Takes the packets of an interface; 0 for all of them. Returns its hardware type (ARPHRD_*).
    pub(super) fn bind(&self, interface: u32) -> io::Result<u16> {
        let mut address = no_address();
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = interface as i32;
        let len = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: pointer and length describe `address`.
        checked(unsafe { libc::bind(self.0.as_raw_fd(), (&raw const address).cast(), len) })?;
        Ok(self.address()?.sll_hatype)
    }

    /// The interface whose packets are taken; negative once that one was removed, even when another has its name now.
    pub(super) fn bound_to(&self) -> io::Result<i32> {
        Ok(self.address()?.sll_ifindex)
    }

    fn address(&self) -> io::Result<libc::sockaddr_ll> {
        let mut address = no_address();
        let mut len = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: pointer and length describe `address`, which the kernel may write.
        checked(unsafe { libc::getsockname(self.0.as_raw_fd(), (&raw mut address).cast(), &raw mut len) })?;
        Ok(address)
    }

    /// Asks the interface for packets to other machines too.
    pub(super) fn promiscuous(&self, interface: u32) -> io::Result<()> {
        let request = libc::packet_mreq {
            mr_ifindex: interface as i32,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        self.set(libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
    }

    /// Joins the fan-out group, or founds one; returns its number.
    pub(super) fn fan_out(&self, group: Option<u16>) -> io::Result<u16> {
        let mut flags = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
        if group.is_none() {
            flags |= libc::PACKET_FANOUT_FLAG_UNIQUEID;
        }
        let value = u32::from(group.unwrap_or(0)) | flags << 16;
        self.set(libc::SOL_PACKET, libc::PACKET_FANOUT, &value)?;
        Ok((self.get::<u32>(libc::PACKET_FANOUT)? & 0xffff) as u16)
    }

    /// Packets seen, dropped for want of room, and times the ring was full, since the last question.
    pub(super) fn statistics(&self) -> io::Result<[u32; 3]> {
        self.get(libc::PACKET_STATISTICS)
    }

    fn get<T: Copy + Default>(&self, option: libc::c_int) -> io::Result<T> {
        get_option(self.0.as_fd(), libc::SOL_PACKET, option)
    }

    /// Waits until a block is full or its time is over.
    pub(super) fn wait(&self, timeout: Duration) -> io::Result<()> {
        let mut entry =
            libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN | libc::POLLERR, revents: 0 };
        let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one entry, which lives through the call.
        if unsafe { libc::poll(&raw mut entry, 1, millis) } < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        if entry.revents & libc::POLLERR == 0 {
            return Ok(());
        }
        let code: libc::c_int = get_option(self.0.as_fd(), libc::SOL_SOCKET, libc::SO_ERROR)?;
        if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
    }
}

fn no_address() -> libc::sockaddr_ll {
    // SAFETY: all zeroes is a valid socket address.
    unsafe { std::mem::zeroed() }
}

/// The blocks that kernel and process share.
#[derive(Debug)]
pub(super) struct Ring {
    memory: NonNull<u8>,
    block_bytes: usize,
    blocks: usize,
}

// SAFETY: the memory belongs to this value alone; the kernel's side is ordered by the status words.
unsafe impl Send for Ring {}

impl Ring {
    /// Makes the ring of a socket. A block is handed over when it is full or `retire_ms` old.
    pub(super) fn new(
        socket: &Socket,
        block_bytes: usize,
        blocks: usize,
        retire_ms: u32,
    ) -> io::Result<Self> {
        socket.set_packet(libc::PACKET_VERSION, libc::tpacket_versions::TPACKET_V3 as libc::c_int)?;
        socket.set_packet(libc::PACKET_RESERVE, RESERVED)?;
        let frame_bytes = 2_048;
        let request = libc::tpacket_req3 {
            tp_block_size: block_bytes as u32,
            tp_block_nr: blocks as u32,
            // Frames have their own length in this version; the kernel only checks that the numbers fit.
            tp_frame_size: frame_bytes,
            tp_frame_nr: (block_bytes / frame_bytes as usize * blocks) as u32,
            tp_retire_blk_tov: retire_ms,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        socket.set(libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        // SAFETY: a fresh mapping of the length that the ring has; nothing existing is replaced.
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                block_bytes * blocks,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                socket.0.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let memory =
            NonNull::new(memory.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self { memory, block_bytes, blocks })
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    fn status(&self, index: usize) -> &AtomicU32 {
        let at = index % self.blocks * self.block_bytes + STATUS_AT;
        // SAFETY: inside the mapping, which lives as long as `self`, and aligned, as blocks start on a page. The
        // kernel reads and writes this word while we do: hence the atomic.
        unsafe { AtomicU32::from_ptr(self.memory.as_ptr().add(at).cast()) }
    }

    /// The bytes of a block, when it is ours.
    pub(super) fn block(&mut self, index: usize) -> Option<&mut [u8]> {
        if self.status(index).load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        let at = index % self.blocks * self.block_bytes;
        // SAFETY: inside the mapping. The kernel does not touch a block that has this status until `release`, which
        // needs `self` and so cannot run while the slice lives.
        Some(unsafe { std::slice::from_raw_parts_mut(self.memory.as_ptr().add(at), self.block_bytes) })
    }

    /// Gives a block back to the kernel.
    pub(super) fn release(&mut self, index: usize) {
        self.status(index).store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `new`, with its length; no slice of it outlives `self`.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), self.block_bytes * self.blocks) };
    }
}

/// The number of an interface.
pub(super) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a string that ends in a zero byte and lives through the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

/// True when there is an interface of that number, whatever its name is by now.
#[cfg(feature = "pcap")]
pub(super) fn has_interface(index: u32) -> bool {
    let mut name = [0; libc::IF_NAMESIZE];
    // SAFETY: the call writes a name of at most this length, and its zero byte.
    !unsafe { libc::if_indextoname(index, name.as_mut_ptr()) }.is_null()
}

/// The names of all interfaces.
pub(super) fn interface_names() -> Vec<String> {
    let mut names = Vec::new();
    // SAFETY: the call allocates a list that ends with an entry of index 0; it is read up to there and freed once.
    unsafe {
        let list = libc::if_nameindex();
        let mut at = list;
        while !at.is_null() && (*at).if_index != 0 && !(*at).if_name.is_null() {
            names.push(CStr::from_ptr((*at).if_name).to_string_lossy().into_owned());
            at = at.add(1);
        }
        if !list.is_null() {
            libc::if_freenameindex(list);
        }
    }
    names
}

/// The effective user.
pub(super) fn user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Becomes another user with no further groups, for good and in every thread.
pub(super) fn become_user(user: u32, group: u32) -> io::Result<()> {
    // SAFETY: an empty list, whose pointer is not read.
    checked(unsafe { libc::setgroups(0, std::ptr::null()) })?;
    // SAFETY: numbers only.
    checked(unsafe { libc::setresgid(group, group, group) })?;
    // SAFETY: numbers only.
    checked(unsafe { libc::setresuid(user, user, user) })?;
    Ok(())
}

/// Empties the bounding set of this thread. To be called as root: whoever has become somebody else has no CAP_SETPCAP.
pub(super) fn empty_bounding_set() {
    for capability in 0..64 {
        // Fails for numbers that do not exist, and without CAP_SETPCAP: then `no_new_privs` has to do.
        // SAFETY: numbers only.
        let _ = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
}

/// Gives every capability of this thread up, and the way to get one back by starting a program.
pub(super) fn drop_capabilities() -> io::Result<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    /// _LINUX_CAPABILITY_VERSION_3: two sets of 32 capabilities.
    const VERSION: u32 = 0x2008_0522;
    let header: [u32; 2] = [VERSION, 0];
    let none = [0_u32; 6];
    // SAFETY: header and data have the layout of capset(2) for this version and live through the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
