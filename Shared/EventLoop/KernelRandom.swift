internal import CLinux
internal import Glibc

/// Unpredictable numbers of the kernel, fetched thirty-two at a time: for users that need one often, such as the mask of each WebSocket frame
/// (RFC 6455 §5.3), where a system call for each costs more than what it is for.
public struct KernelRandom: RandomNumberGenerator {
    private var numbers = [UInt64](repeating: 0, count: 32)
    private var used = 32

    public init() {}

    public mutating func next() -> UInt64 {
        if used == numbers.count { fill() }
        defer {
            // What was used is not kept: who reads the memory later learns no mask of before.
            numbers[used] = 0
            used += 1
        }
        return numbers[used]
    }

    private mutating func fill() {
        let length = numbers.count * MemoryLayout<UInt64>.size
        let count = getrandom(&numbers, length, 0)
        // Up to 256 bytes it neither fails nor is interrupted once the kernel has its seed (getrandom(2)); the generator of Swift stops the
        // process, too, where there is none.
        precondition(count == length, "The kernel gave \(count) random bytes of \(length).")
        used = 0
    }
}
