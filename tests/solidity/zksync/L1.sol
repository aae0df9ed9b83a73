// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {
    BridgehubL2TransactionRequest,
    L2CanonicalTransaction,
    L2Log,
    L2Message,
    TxStatus
} from "@matterlabs/zksync-contracts/contracts/l1-contracts/common/Messaging.sol";
import {Merkle} from "@matterlabs/zksync-contracts/contracts/l1-contracts/common/libraries/Merkle.sol";
import {AddressAliasHelper} from "@matterlabs/zksync-contracts/contracts/l1-contracts/vendor/AddressAliasHelper.sol";
import {Coin} from "tests/solidity/zksync/Coin.sol";
import {
    FinalizeL1DepositParams,
    L2TransactionRequestDirect,
    L2TransactionRequestTwoBridgesOuter
} from "tests/solidity/zksync/Requests.sol";
import {ETHER, Vault} from "tests/solidity/zksync/Vault.sol";

// Stand-ins of the contracts on L1, at their published addresses, with the official ABI. They check
// what the originals check (era-contracts 5e7d0b4); batches are executed by whoever asks.
address constant HUB = 0x303a465B659cBB0ab36eE643eA362c509EEb5213;
address constant MAILBOX = 0x32400084C286CF3E17e7B677ea9583e60a000324;
address constant ROUTER = 0x8829AD80E425C646DAB305381ff105169FeEcE56;
address constant NULLIFIER = 0xD7f9f54194C633F36CCD5F3da84ad4a1c38cB2cB;
address constant VAULT = 0xbeD1EB542f9a5aA6419Ff3deb921A372681111f6;
address constant L2_ROUTER = address(0x10003);
address constant L2_BASE_TOKEN = address(0x800A);
uint256 constant ERA = 324;

error MsgValueMismatch(uint256 expected, uint256 found);
error MsgValueTooLow(uint256 needed, uint256 given);
error GasPerPubdataMismatch();
error Unauthorized(address caller);
error UnsupportedEncodingVersion();
error BatchNotExecuted(uint256 batch);
error WithdrawalAlreadyFinalized();
error WrongL2Sender(address sender);
error InvalidProof();
error DepositDoesNotExist();
error SecondBridgeAddressTooLow();
error UnknownChain(uint256 chainId);

contract Bridgehub {
    bool public paused;

    modifier whenNotPaused() {
        require(!paused, "Pausable: paused");
        _;
    }

    function pause() external {
        paused = true;
    }

    modifier toEra(uint256 chainId) {
        if (chainId != ERA) revert UnknownChain(chainId);
        _;
    }

    function requestL2TransactionDirect(L2TransactionRequestDirect calldata asked)
        external
        payable
        whenNotPaused
        toEra(asked.chainId)
        returns (bytes32)
    {
        if (msg.value != asked.mintValue) revert MsgValueMismatch(asked.mintValue, msg.value);
        payable(VAULT).transfer(msg.value);
        return Mailbox(MAILBOX).bridgehubRequestL2Transaction(
            BridgehubL2TransactionRequest(
                msg.sender,
                asked.l2Contract,
                asked.mintValue,
                asked.l2Value,
                asked.l2Calldata,
                asked.l2GasLimit,
                asked.l2GasPerPubdataByteLimit,
                asked.factoryDeps,
                AddressAliasHelper.actualRefundRecipient(asked.refundRecipient, msg.sender)
            )
        );
    }

    function requestL2TransactionTwoBridges(L2TransactionRequestTwoBridgesOuter calldata asked)
        external
        payable
        whenNotPaused
        toEra(asked.chainId)
        returns (bytes32 hash)
    {
        if (asked.secondBridgeAddress <= address(0xffff)) revert SecondBridgeAddressTooLow();
        uint256 due = asked.mintValue + asked.secondBridgeValue;
        if (msg.value != due) revert MsgValueMismatch(due, msg.value);
        payable(VAULT).transfer(asked.mintValue);
        AssetRouter.Inner memory inner = AssetRouter(asked.secondBridgeAddress).bridgehubDeposit{
            value: asked.secondBridgeValue
        }(asked.chainId, msg.sender, asked.l2Value, asked.secondBridgeCalldata);
        require(inner.magicValue == bytes32(uint256(keccak256("TWO_BRIDGES_MAGIC_VALUE")) - 1), "wrong magic value");
        hash = Mailbox(MAILBOX).bridgehubRequestL2Transaction(
            BridgehubL2TransactionRequest(
                asked.secondBridgeAddress,
                inner.l2Contract,
                asked.mintValue,
                asked.l2Value,
                inner.l2Calldata,
                asked.l2GasLimit,
                asked.l2GasPerPubdataByteLimit,
                inner.factoryDeps,
                AddressAliasHelper.actualRefundRecipient(asked.refundRecipient, msg.sender)
            )
        );
        AssetRouter(asked.secondBridgeAddress).bridgehubConfirmL2Transaction(asked.chainId, inner.txDataHash, hash);
    }

    function l2TransactionBaseCost(uint256 chainId, uint256 gasPrice, uint256 gasLimit, uint256 perPubdata)
        external
        view
        toEra(chainId)
        returns (uint256)
    {
        return Mailbox(MAILBOX).l2TransactionBaseCost(gasPrice, gasLimit, perPubdata);
    }

    function baseToken(uint256 chainId) external pure toEra(chainId) returns (address) {
        return ETHER;
    }

    function getZKChain(uint256 chainId) external pure toEra(chainId) returns (address) {
        return MAILBOX;
    }

    function proveL2MessageInclusion(
        uint256 chainId,
        uint256 batch,
        uint256 index,
        L2Message calldata message,
        bytes32[] calldata proof
    ) external view toEra(chainId) returns (bool) {
        return Mailbox(MAILBOX).proveL2MessageInclusion(batch, index, message, proof);
    }

    function proveL1ToL2TransactionStatus(
        uint256 chainId,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof,
        TxStatus status
    ) external view toEra(chainId) returns (bool) {
        return Mailbox(MAILBOX).proveL1ToL2TransactionStatus(l2TxHash, batch, index, txNumber, proof, status);
    }
}

contract Mailbox {
    uint256 public getTotalPriorityTxs;
    uint256 public getTotalBatchesExecuted;
    mapping(uint256 => bytes32) public l2LogsRootHash;
    bool public isDiamondStorageFrozen;

    event NewPriorityRequest(
        uint256 txId, bytes32 txHash, uint64 expirationTimestamp, L2CanonicalTransaction transaction, bytes[] factoryDeps
    );
    event BlockExecution(uint256 indexed batchNumber, bytes32 indexed batchHash, bytes32 indexed commitment);

    function freezeDiamond() external {
        isDiamondStorageFrozen = true;
    }

    function executeBatch(bytes32 root) external {
        l2LogsRootHash[++getTotalBatchesExecuted] = root;
        emit BlockExecution(getTotalBatchesExecuted, root, root);
    }

    // As `_deriveL2GasPrice`, with the fee parameters Era has had.
    function l2TransactionBaseCost(uint256 gasPrice, uint256 gasLimit, uint256 perPubdata)
        public
        pure
        returns (uint256)
    {
        uint256 overhead = 1_000_000 * gasPrice;
        uint256 pubdataPrice = 17 * gasPrice + overhead / 120_000;
        uint256 price = 45_250_000 + overhead / 80_000_000;
        uint256 least = (pubdataPrice + perPubdata - 1) / perPubdata;
        return (price > least ? price : least) * gasLimit;
    }

    function bridgehubRequestL2Transaction(BridgehubL2TransactionRequest memory asked)
        external
        returns (bytes32 hash)
    {
        require(!isDiamondStorageFrozen, "q1");
        if (msg.sender != HUB) revert Unauthorized(msg.sender);
        if (asked.l2GasPerPubdataByteLimit != 800) revert GasPerPubdataMismatch();
        uint256 cost = l2TransactionBaseCost(tx.gasprice, asked.l2GasLimit, asked.l2GasPerPubdataByteLimit);
        if (asked.mintValue < cost + asked.l2Value) revert MsgValueTooLow(cost + asked.l2Value, asked.mintValue);
        if (asked.sender != tx.origin) asked.sender = AddressAliasHelper.applyL1ToL2Alias(asked.sender);
        L2CanonicalTransaction memory wanted;
        wanted.txType = 255;
        wanted.from = uint160(asked.sender);
        wanted.to = uint160(asked.contractL2);
        wanted.gasLimit = asked.l2GasLimit;
        wanted.gasPerPubdataByteLimit = asked.l2GasPerPubdataByteLimit;
        wanted.maxFeePerGas = cost / asked.l2GasLimit;
        wanted.nonce = getTotalPriorityTxs++;
        wanted.value = asked.l2Value;
        wanted.reserved = [asked.mintValue, uint160(asked.refundRecipient), 0, 0];
        wanted.data = asked.l2Calldata;
        hash = keccak256(abi.encode(wanted));
        emit NewPriorityRequest(wanted.nonce, hash, uint64(block.timestamp + 14 days), wanted, asked.factoryDeps);
    }

    function proveL2MessageInclusion(
        uint256 batch,
        uint256 index,
        L2Message calldata message,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 key = bytes32(uint256(uint160(message.sender)));
        return _holds(
            batch,
            index,
            L2Log(0, true, message.txNumberInBatch, address(0x8008), key, keccak256(message.data)),
            proof
        );
    }

    function proveL1ToL2TransactionStatus(
        bytes32 hash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof,
        TxStatus status
    ) external view returns (bool) {
        return _holds(batch, index, L2Log(0, true, txNumber, address(0x8001), hash, bytes32(uint256(status))), proof);
    }

    function _holds(uint256 batch, uint256 index, L2Log memory log, bytes32[] calldata proof)
        private
        view
        returns (bool)
    {
        if (batch > getTotalBatchesExecuted) revert BatchNotExecuted(batch);
        bytes32 leaf = keccak256(
            abi.encodePacked(log.l2ShardId, log.isService, log.txNumberInBatch, log.sender, log.key, log.value)
        );
        return Merkle.calculateRoot(proof, index, leaf) == l2LogsRootHash[batch];
    }
}

contract AssetRouter {
    struct Inner {
        bytes32 magicValue;
        address l2Contract;
        bytes l2Calldata;
        bytes[] factoryDeps;
        bytes32 txDataHash;
    }

    address public constant L1_NULLIFIER = NULLIFIER;
    address public constant nativeTokenVault = VAULT;

    event DepositFinalizedAssetRouter(uint256 indexed chainId, bytes32 indexed assetId, bytes assetData);

    function only(address caller) private view {
        if (msg.sender != caller) revert Unauthorized(msg.sender);
    }

    function bridgehubDeposit(uint256 chainId, address caller, uint256 value, bytes calldata data)
        external
        payable
        returns (Inner memory inner)
    {
        only(HUB);
        require(msg.value == 0 && value == 0, "a token brings no value");
        if (data[0] != 0x01) revert UnsupportedEncodingVersion();
        (bytes32 asset, bytes memory burned) = abi.decode(data[1:], (bytes32, bytes));
        bytes memory minted = Vault(payable(VAULT)).bridgeBurn(chainId, asset, caller, burned);
        inner.magicValue = bytes32(uint256(keccak256("TWO_BRIDGES_MAGIC_VALUE")) - 1);
        inner.l2Contract = L2_ROUTER;
        inner.l2Calldata =
            abi.encodeWithSignature("finalizeDeposit(uint256,bytes32,bytes)", block.chainid, asset, minted);
        inner.txDataHash = keccak256(bytes.concat(hex"01", abi.encode(caller, asset, burned)));
    }

    function bridgehubConfirmL2Transaction(uint256 chainId, bytes32 dataHash, bytes32 txHash) external {
        only(HUB);
        Nullifier(NULLIFIER).bridgehubConfirmL2TransactionForwarded(chainId, dataHash, txHash);
    }

    function transferFundsToNTV(bytes32 asset, uint256 amount, address caller) external returns (bool) {
        only(VAULT);
        Coin token = Coin(Vault(payable(VAULT)).tokenAddress(asset));
        if (token.allowance(caller, address(this)) < amount || token.allowance(caller, VAULT) >= amount) return false;
        return token.transferFrom(caller, VAULT, amount);
    }

    function finalizeDeposit(uint256 chainId, bytes32 asset, bytes calldata data) external {
        only(NULLIFIER);
        Vault(payable(VAULT)).bridgeMint(chainId, asset, data);
        emit DepositFinalizedAssetRouter(chainId, asset, data);
    }

    function bridgeRecoverFailedTransfer(uint256, address depositor, bytes32 asset, bytes calldata data) external {
        only(NULLIFIER);
        Vault(payable(VAULT)).recover(asset, depositor, data);
    }
}

contract Nullifier {
    mapping(uint256 => mapping(uint256 => mapping(uint256 => bool))) public isWithdrawalFinalized;
    mapping(uint256 => mapping(bytes32 => bytes32)) public depositHappened;

    event BridgehubDepositFinalized(
        uint256 indexed chainId, bytes32 indexed txDataHash, bytes32 indexed l2DepositTxHash
    );

    function bridgehubConfirmL2TransactionForwarded(uint256 chainId, bytes32 dataHash, bytes32 txHash) external {
        if (msg.sender != ROUTER) revert Unauthorized(msg.sender);
        depositHappened[chainId][txHash] = dataHash;
        emit BridgehubDepositFinalized(chainId, dataHash, txHash);
    }

    function finalizeDeposit(FinalizeL1DepositParams calldata given) external {
        mapping(uint256 => bool) storage done = isWithdrawalFinalized[given.chainId][given.l2BatchNumber];
        if (done[given.l2MessageIndex]) revert WithdrawalAlreadyFinalized();
        done[given.l2MessageIndex] = true;
        (bytes32 asset, bytes memory minted) = _read(given.message);
        if (given.l2Sender != L2_ROUTER && given.l2Sender != L2_BASE_TOKEN) revert WrongL2Sender(given.l2Sender);
        address sender = asset == L1Vault(payable(VAULT)).ethAsset(block.chainid) ? L2_BASE_TOKEN : given.l2Sender;
        L2Message memory told = L2Message(given.l2TxNumberInBatch, sender, given.message);
        if (
            !Bridgehub(HUB).proveL2MessageInclusion(
                given.chainId, given.l2BatchNumber, given.l2MessageIndex, told, given.merkleProof
            )
        ) revert InvalidProof();
        AssetRouter(ROUTER).finalizeDeposit(given.chainId, asset, minted);
    }

    function bridgeRecoverFailedTransfer(
        uint256 chainId,
        address depositor,
        bytes32 asset,
        bytes calldata data,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof
    ) external {
        if (
            !Bridgehub(HUB).proveL1ToL2TransactionStatus(
                chainId, l2TxHash, batch, index, txNumber, proof, TxStatus.Failure
            )
        ) revert InvalidProof();
        bytes32 dataHash = keccak256(bytes.concat(hex"01", abi.encode(depositor, asset, data)));
        if (depositHappened[chainId][l2TxHash] != dataHash) revert DepositDoesNotExist();
        delete depositHappened[chainId][l2TxHash];
        AssetRouter(ROUTER).bridgeRecoverFailedTransfer(chainId, depositor, asset, data);
    }

    function _read(bytes calldata message) private view returns (bytes32 asset, bytes memory minted) {
        if (bytes4(message) == 0x6c0960f9) {
            require(message.length >= 56, "the message is too short");
            asset = L1Vault(payable(VAULT)).ethAsset(block.chainid);
            address receiver = address(bytes20(message[4:24]));
            minted = abi.encode(address(0), receiver, address(0), uint256(bytes32(message[24:56])), bytes(""));
        } else {
            require(bytes4(message) == AssetRouter.finalizeDeposit.selector, "an unknown message");
            asset = bytes32(message[36:68]);
            minted = message[68:];
        }
    }
}

contract L1Vault is Vault {
    function router() public pure override returns (address) {
        return ROUTER;
    }

    function registerEthToken() external {
        _know(ethAsset(block.chainid), ETHER, block.chainid);
    }

    function _pull(bytes32 asset, address token, address caller, uint256 amount) internal override {
        if (!AssetRouter(ROUTER).transferFundsToNTV(asset, amount, caller)) {
            Coin(token).transferFrom(caller, address(this), amount);
        }
    }
}
