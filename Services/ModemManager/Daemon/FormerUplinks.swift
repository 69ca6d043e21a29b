internal import EventLoop
internal import Log
internal import Primitives
internal import ServiceHost
internal import Storage

/// Uplinks that a process before this one had and that the site's file has no more, or has under another name or of another kind: what they have left
/// running keeps a modem's port from whoever comes after them, and what they gave an interface leads nowhere.
struct FormerUplinks {
    private static let address = "-address"

    private let host: ServiceHost
    private let folder: String
    private let uplinks: Set<String>
    private let programs: [String]

    /// - Parameters:
    ///   - host: Where what they have left is written down.
    ///   - uplinks: Those that there are, and that look after their own.
    ///   - programs: What an uplink may have left running.
    init(_ host: ServiceHost, uplinks: Set<String>, programs: [String]) {
        (self.host, self.uplinks, self.programs) = (host, uplinks, programs)
        folder = host.makeRuntimeFolder()
    }

    /// Ends what runs, and takes addresses away.
    func leave() {
        // A folder that cannot be read is told of where something is written to it.
        let names = (try? KernelFileSystem().names(inFolder: folder)) ?? []
        for name in names.sorted() {
            for program in programs {
                if let uplink = Self.uplink(name, before: "-\(program).pid"), !uplinks.contains(uplink) {
                    end(program, of: uplink, name)
                }
            }
            if let uplink = Self.uplink(name, before: Self.address), !uplinks.contains(uplink) {
                clear(name, of: uplink)
            }
        }
    }

    private static func uplink(_ name: String, before ending: String) -> String? {
        guard name.hasSuffix(ending), name.count > ending.count else { return nil }
        return String(name.dropLast(ending.count))
    }

    private func end(_ program: String, of uplink: String, _ name: String) {
        let child = ChildProcess.adopt(
            record: "\(folder)/\(name)",
            options: CarrierHands.lasting,
            loop: host.loop,
            onExit: { _ in }
        )
        guard let child else { return remove(SmallFile("\(folder)/\(name)")) }
        child.end(within: CarrierHands.patience)
        let words = "what an uplink of before has left running is ended"
        host.log.write(LogRecord(.notice, words, .init("uplink", uplink), .init("program", program)))
    }

    private func clear(_ name: String, of uplink: String) {
        let note = SmallFile("\(folder)/\(name)")
        if let interface = note.foreignText {
            do throws(SystemError) {
                try InterfaceSetting.clear(interface)
            } catch {
                let words = "an interface keeps the address of an uplink of before"
                return host.log.write(LogRecord(.warning, words, .init("uplink", uplink), .init("why", error)))
            }
        }
        remove(note)
    }

    private func remove(_ file: SmallFile) {
        do throws(SmallFileError) {
            try file.remove()
        } catch {
            host.log.write(LogRecord(.warning, "a file of an uplink of before stays", .init("why", "\(error)")))
        }
    }
}
