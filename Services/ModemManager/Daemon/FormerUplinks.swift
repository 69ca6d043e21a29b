internal import EventLoop
internal import Log
internal import Primitives
internal import ServiceHost
internal import Storage

/// Uplinks that a process before this one had and that the site's file has no more, or has under another name, of another kind, or with other settings:
/// what they have left running keeps a modem's port from whoever comes after them, or goes to another network, and what they gave an interface leads
/// nowhere.
struct FormerUplinks {
    /// Longer than the name of an uplink may be: what is left of one that has changed is that of an uplink which there is not.
    private static let changed = "earlier-settings-of-"
    private static let settings = "-settings"

    private let host: ServiceHost
    private let folder: String
    private let uplinks: [String: CarrierHands.Needs]
    private let interfaces: Set<String>
    private let programs: [String]

    /// - Parameters:
    ///   - host: Where what they have left is written down.
    ///   - uplinks: Those that there are, and that look after their own.
    ///   - interfaces: That the site's file names.
    ///   - programs: What an uplink may have left running.
    init(_ host: ServiceHost, uplinks: [CarrierHands.Needs], interfaces: Set<String>, programs: [String]) {
        (self.host, self.interfaces, self.programs) = (host, interfaces, programs)
        self.uplinks = Dictionary(uplinks.map { ($0.uplink, $0) }) { first, _ in first }
        folder = host.makeRuntimeFolder()
    }

    /// Ends what runs, and takes addresses away. What goes on is that of the uplinks that there are, with the settings that they have.
    func leave() {
        for needs in uplinks.values where hasChanged(needs) { rename(needs.uplink) }
        // A folder that cannot be read is told of where something is written to it.
        let names = (try? KernelFileSystem().names(inFolder: folder)) ?? []
        for name in names.sorted() {
            for program in programs {
                if let uplink = Self.uplink(name, before: "-\(program).pid"), uplinks[uplink] == nil {
                    end(program, of: uplink, name)
                }
            }
            // Of another kind, it takes nothing away by itself.
            if let uplink = Self.uplink(name, before: AddressNote.ending), uplinks[uplink]?.givesAddresses != true {
                clear(name, of: uplink)
            }
            if let uplink = Self.uplink(name, before: Self.settings), uplinks[uplink] == nil {
                remove(SmallFile("\(folder)/\(name)"))
            }
        }
        for needs in uplinks.values { remember(needs) }
    }

    /// Where nothing is remembered, an earlier version was here, and its connections are not ended for that.
    private func hasChanged(_ needs: CarrierHands.Needs) -> Bool {
        settings(of: needs.uplink).foreignText.map { $0 != needs.fingerprint } ?? false
    }

    private func settings(of uplink: String) -> SmallFile { SmallFile("\(folder)/\(uplink)\(Self.settings)") }

    /// Only then is it ended: a process that is killed meanwhile is followed by one that goes on.
    private func rename(_ uplink: String) {
        for ending in programs.map({ "-\($0).pid" }) + [AddressNote.ending] {
            let path = "\(folder)/\(uplink)\(ending)"
            let isThere = !((try? SmallFile(path).read(from: .foreign)) ?? []).isEmpty
            guard isThere else { continue }
            try? KernelFileSystem().rename(path, to: "\(folder)/\(Self.changed)\(uplink)\(ending)")
        }
    }

    private func remember(_ needs: CarrierHands.Needs) {
        let file = settings(of: needs.uplink)
        guard file.foreignText != needs.fingerprint else { return }
        do throws(SmallFileError) {
            try file.replace(with: Array("\(needs.fingerprint)\n".utf8), access: .init(mode: 0o600))
        } catch {
            let words = "the settings of an uplink are not noted, and its connection will go on over a change of them"
            host.log.write(LogRecord(.warning, words, .init("uplink", needs.uplink), .init("why", "\(error)")))
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
        let note = AddressNote(path: "\(folder)/\(name)")
        if let interface = note.interface {
            do throws(SystemError) {
                try note.clear(interface, others: !interfaces.contains(interface))
            } catch {
                let words = "an interface keeps the address of an uplink of before"
                return host.log.write(LogRecord(.warning, words, .init("uplink", uplink), .init("why", error)))
            }
        }
        remove(SmallFile("\(folder)/\(name)"))
    }

    private func remove(_ file: SmallFile) {
        do throws(SmallFileError) {
            try file.remove()
        } catch {
            host.log.write(LogRecord(.warning, "a file of an uplink of before stays", .init("why", "\(error)")))
        }
    }
}
