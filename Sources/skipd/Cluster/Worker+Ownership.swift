import Logging
import NATS
import SkipConfiguration
import SkipStream

// Who has which shard: claimed, handed over and given up by compare-and-set on the shard's key.

extension Worker {
    private static let shardCount = ClusterSubject.shards
    /// Reads the two buckets from now on.
    func watch() {
        watches = [
            StreamReader(link, stream: ClusterStreams.workers, filter: "$KV.skipd-workers.>", from: nil) { [unowned self] delivery in
                guard let other = delivery.message.subject.split(separator: ".").last.map(String.init) else { return }
                if delivery.message.header("KV-Operation") == nil { members.hear(other, now: Time.sinceBoot) } else { members.forget(other) }
            },
            StreamReader(link, stream: ClusterStreams.shards, filter: "$KV.skipd-shards.>", from: nil) { [unowned self] delivery in
                guard let number = ShardKey.shard(ofSubject: delivery.message.subject), let key = ShardKey(delivery.message.bytes, revision: delivery.sequence) else { return }
                note(number, key)
            },
        ]
        beat(at: Time.sinceBoot)
    }

    /// Takes what the bucket says of a shard.
    private func note(_ number: Int, _ key: ShardKey) {
        if let known = keys[number], known.revision >= key.revision { return }
        keys[number] = key
        guard let shard = shards[number], shard.phase != .claiming, key.revision > shard.revision else { return }
        compare(shard, key)
    }

    /// Finds out who has written a shard's key since this worker last knew that it had.
    private func compare(_ shard: OwnedShard, _ key: ShardKey) {
        // One's own write, which the bucket has told before its answer came, or whose answer was lost. Each owner has an epoch of its own.
        if key.epoch == shard.epoch, key.owner == name { shard.revision = key.revision } else if key.epoch == shard.epoch, key.owner.isEmpty { remove(shard) } else {
            lose(shard, "\(key.owner.isEmpty ? "somebody" : key.owner) has written its key")
        }
    }

    /// Gives a sign of life.
    private func beat(at now: Int64) {
        lastBeat = now
        link.ask("$KV.skipd-workers.\(name)", Array("{}".utf8)) { [weak self] message in
            if case .stored = StoreAnswer(message) { self?.members.renew(sentAt: now) }
        }
    }

    /// Ten times a second.
    func tick() {
        let now = Time.sinceBoot
        members.tick(now: now)
        if now - lastBeat >= members.interval { beat(at: now) }
        for watch in watches { watch.tick() }
        samples?.tick()
        stateReader?.tick()
        guard members.holdsLease(now: now) else {
            if !shards.isEmpty {
                logger.warning("the lease could not be renewed in time: \(shards.count) shards are given up")
                for shard in Array(shards.values) { lose(shard, nil) }
            }
            return
        }
        if stateReader == nil, !shards.values.contains(where: { $0.phase == .claiming }), shards.values.contains(where: { $0.phase == .loading }) { load() }
        guard !isStopping, members.knowsOthers(now: now) else { return }
        balance(now)
    }

    private func balance(_ now: Int64) {
        let quota = members.quota(of: Self.shardCount, now: now)
        let staying = shards.values.filter { $0.phase != .releasing }
        if staying.count > quota {
            for shard in staying.filter({ $0.phase == .running }).sorted(by: { $0.number > $1.number }).prefix(staying.count - quota) { release(shard) }
            return
        }
        var wanted = quota - staying.count
        let start = members.start(of: Self.shardCount, now: now)
        var offset = 0
        while wanted > 0, offset < Self.shardCount {
            let number = (start + offset) % Self.shardCount
            offset += 1
            guard shards[number] == nil else { continue }
            let key = keys[number] ?? ShardKey()
            guard key.owner.isEmpty || key.owner == name || members.isGone(key.owner, now: now) else { continue }
            claim(number, key)
            wanted -= 1
        }
    }

    private func put(_ shard: OwnedShard, owner: String, position: UInt64, expecting revision: UInt64, _ answer: @escaping (StoreAnswer) -> Void) {
        var key = ShardKey()
        (key.owner, key.epoch, key.position) = (owner, shard.epoch, position)
        link.ask(ShardKey.subject(shard.number), headers: [("Nats-Expected-Last-Subject-Sequence", "\(revision)")], key.bytes) { answer(StoreAnswer($0)) }
    }

    private func claim(_ number: Int, _ key: ShardKey) {
        let shard = OwnedShard(number, key)
        shards[number] = shard
        put(shard, owner: name, position: key.position, expecting: key.revision) { [weak self] answer in
            guard let self, shards[number] === shard, shard.phase == .claiming else { return }
            guard case .stored(let revision) = answer else {
                // Somebody was faster, or nobody knows: the bucket will tell.
                shards[number] = nil
                return
            }
            shard.revision = revision
            // What the bucket has said meanwhile.
            if let key = keys[number], key.revision > revision { return lose(shard, "\(key.owner) was faster") }
            shard.phase = .loading
        }
    }

    /// Reads the states of all shards that have been claimed, in one go.
    private func load() {
        let coming = shards.values.filter { $0.phase == .loading }
        stateReader = StreamReader(link, stream: ClusterStreams.states, from: 1, caughtUp: { [weak self] in
            guard let self, let reader = stateReader else { return }
            reader.close()
            stateReader = nil
            loaded = coming
        }) { [weak self] delivery in
            // state.<shard>.<stream>; later ones of a stream take the place of earlier ones.
            let subject = delivery.message.subject
            guard let number = Int(subject.dropFirst(6).prefix { $0 != "." }), let shard = self?.shards[number], shard.phase == .loading else { return }
            let position = delivery.message.header("Skipd-Position").flatMap { UInt64($0) } ?? 0
            shard.incoming[subject] = (delivery.sequence, position, delivery.message.copiedBytes)
        }
    }

    /// Takes loaded shards' streams into the processor, and begins to read their samples.
    func take(_ processor: inout StreamProcessor) {
        let coming = loaded
        loaded = []
        var begun: [OwnedShard] = []
        for shard in coming where shards[shard.number] === shard && shard.phase == .loading {
            for (subject, state) in shard.incoming {
                states.know(subject, lastSequence: state.sequence, order: state.position)
                guard !state.record.isEmpty else { continue }
                let (stream, outcome) = state.record.withUnsafeBytes { processor.importStream($0, at: Time.sinceEpoch) }
                if case .refused(let reason) = outcome {
                    if !hasComplained { logger.error("the stream \((stream ?? subject).printable) begins anew: \(reason); others like it are not logged") }
                    hasComplained = true
                } else if let stream, state.position > shard.stored { shard.include(Array(stream.utf8), upTo: state.position) }
            }
            shard.incoming = [:]
            shard.phase = .running
            begun.append(shard)
        }
        read(for: begun)
    }

    /// Begins to hand a shard over: no more samples; the next checkpoint stores it and frees its key.
    func release(_ shard: OwnedShard) {
        // All of its samples up to there are in. Where it was only claimed, nothing was done in it.
        if shard.phase == .running { shard.processed = max(shard.processed, position) }
        shard.phase = .releasing
    }

    /// Forgets a shard that another worker has, or may have.
    func lose(_ shard: OwnedShard, _ reason: String?) {
        if let reason { logger.warning("shard \(shard.number) is lost: \(reason)") }
        lost += 1
        remove(shard)
    }

    private func remove(_ shard: OwnedShard) {
        guard shards[shard.number] === shard else { return }
        shards[shard.number] = nil
        gone.insert(shard.number)
    }

    /// Writes a shard's key after a checkpoint: with its new position, or free.
    func settle(_ shard: OwnedShard, position: UInt64, isFree: Bool, _ done: @escaping () -> Void) {
        put(shard, owner: isFree ? "" : name, position: position, expecting: shard.revision) { [weak self] answer in
            defer { done() }
            guard let self, shards[shard.number] === shard else { return }
            switch answer {
            case .stored(let revision):
                (shard.revision, shard.stored, shard.mustWrite) = (revision, position, false)
                if isFree {
                    var key = ShardKey()
                    (key.epoch, key.position, key.revision) = (shard.epoch, position, revision)
                    keys[shard.number] = key
                    remove(shard)
                }
            case .wrongSequence:
                // Unless it is one's own write, whose answer was lost: the bucket has told, or will.
                guard let key = keys[shard.number], key.revision > shard.revision else { return }
                compare(shard, key)
            case .failed: break
            }
        }
    }

    /// Tells the others at once.
    func leave() {
        link.ask("$KV.skipd-workers.\(name)", headers: [("KV-Operation", "DEL")], []) { _ in }
        for reader in watches + [samples, stateReader].compactMap({ $0 }) { reader.close() }
        Time.pause(milliseconds: 50)
    }
}
