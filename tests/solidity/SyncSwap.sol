// SPDX-License-Identifier: MIT
pragma solidity 0.8.24;

// A stand-in of our own for SyncSwap, whose bytecode no registry has: the official ABI, and the
// rules of github.com/syncswap/core-contracts@5285a3a that a caller meets. One vault keeps all
// coins, native and wrapped as one; a pool swaps what was deposited for it.

interface Erc20 {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
}

interface Weth is Erc20 {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
}

struct TokenAmount {
    address token;
    uint256 amount;
}

contract SyncSwapVault {
    address public immutable wETH;
    mapping(address => uint256) public reserves;
    mapping(address => mapping(address => uint256)) private balances;

    constructor(address weth) {
        wETH = weth;
    }

    receive() external payable {}

    function balanceOf(address token, address account) external view returns (uint256) {
        return balances[_book(token)][account];
    }

    function deposit(address token, address to) external payable returns (uint256 amount) {
        if (token == address(0)) {
            amount = msg.value;
        } else {
            require(msg.value == 0);
            amount = Erc20(token).balanceOf(address(this)) - (token == wETH ? 0 : reserves[token]);
            if (token == wETH) Weth(wETH).withdraw(amount);
        }
        reserves[_book(token)] += amount;
        balances[_book(token)][to] += amount;
    }

    function transfer(address token, address to, uint256 amount) external {
        balances[_book(token)][msg.sender] -= amount;
        balances[_book(token)][to] += amount;
    }

    function withdrawAlternative(address token, address to, uint256 amount, uint8 mode) external {
        balances[_book(token)][msg.sender] -= amount;
        reserves[_book(token)] -= amount;
        if (token != wETH) {
            require(Erc20(token).transfer(to, amount));
        } else if (mode == 1) {
            (bool paid, ) = to.call{value: amount}("");
            require(paid);
        } else {
            Weth(wETH).deposit{value: amount}();
            Weth(wETH).transfer(to, amount);
        }
    }

    function _book(address token) private view returns (address) {
        return token == wETH ? address(0) : token;
    }
}

contract SyncSwapPool {
    uint256 private constant FEE = 300; // of 100,000
    SyncSwapVault public immutable vault;
    address public immutable token0;
    address public immutable token1;
    uint16 public immutable poolType;
    uint256 public reserve0;
    uint256 public reserve1;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;

    event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to);

    constructor(SyncSwapVault vault_, address first, address second, uint16 kind) {
        (vault, token0, token1, poolType) = (vault_, first, second, kind);
    }

    function getAssets() external view returns (address[] memory assets) {
        assets = new address[](2);
        (assets[0], assets[1]) = (token0, token1);
    }

    function mint(bytes calldata data, address, address, bytes calldata) external returns (uint256 liquidity) {
        (uint256 balance0, uint256 balance1) = _balances();
        liquidity = balance0 - reserve0 + balance1 - reserve1;
        balanceOf[abi.decode(data, (address))] += liquidity;
        totalSupply += liquidity;
        (reserve0, reserve1) = (balance0, balance1);
    }

    function getAmountOut(address tokenIn, uint256 amountIn, address) public view returns (uint256) {
        (uint256 left, uint256 right) = tokenIn == token0 ? (reserve0, reserve1) : (reserve1, reserve0);
        uint256 amount = amountIn * (100_000 - FEE);
        // Classic: constant product. Stable, here: one for one, which is its curve where it is flat.
        return poolType == 1 ? (amount * right) / (left * 100_000 + amount) : amount / 100_000;
    }

    function swap(bytes calldata data, address, address callback, bytes calldata) external returns (TokenAmount memory) {
        require(callback == address(0), "the stand-in calls nobody back");
        (address tokenIn, address to, uint8 mode) = abi.decode(data, (address, address, uint8));
        (uint256 balance0, uint256 balance1) = _balances();
        bool forward = tokenIn == token0;
        address tokenOut = forward ? token1 : token0;
        uint256 amountIn = forward ? balance0 - reserve0 : balance1 - reserve1;
        uint256 amountOut = getAmountOut(tokenIn, amountIn, msg.sender);
        if (forward) emit Swap(msg.sender, amountIn, 0, 0, amountOut, to);
        else emit Swap(msg.sender, 0, amountIn, amountOut, 0, to);
        if (mode == 0) vault.transfer(tokenOut, to, amountOut);
        else vault.withdrawAlternative(tokenOut, to, amountOut, mode);
        (reserve0, reserve1) = _balances();
        return TokenAmount(tokenOut, amountOut);
    }

    function _balances() private view returns (uint256, uint256) {
        return (vault.balanceOf(token0, address(this)), vault.balanceOf(token1, address(this)));
    }
}

contract SyncSwapFactory {
    SyncSwapVault public immutable vault;
    uint16 public immutable kind;
    mapping(address => mapping(address => address)) public getPool;

    constructor(SyncSwapVault vault_, uint16 kind_) {
        (vault, kind) = (vault_, kind_);
    }

    function createPool(bytes calldata data) external returns (address pool) {
        (address a, address b) = abi.decode(data, (address, address));
        (address first, address second) = a < b ? (a, b) : (b, a);
        require(getPool[first][second] == address(0));
        pool = address(new SyncSwapPool(vault, first, second, kind));
        getPool[first][second] = getPool[second][first] = pool;
    }
}

contract SyncSwapRouter {
    error Expired();
    error TooLittleReceived();
    error TransferFromFailed();

    struct SwapStep {
        address pool;
        bytes data;
        address callback;
        bytes callbackData;
    }

    struct SwapPath {
        SwapStep[] steps;
        address tokenIn;
        uint256 amountIn;
    }

    address public immutable vault;
    address public immutable wETH;

    constructor(address vault_, address weth) {
        (vault, wETH) = (vault_, weth);
    }

    function swap(SwapPath[] calldata paths, uint256 amountOutMin, uint256 deadline) external payable returns (TokenAmount memory out) {
        if (block.timestamp > deadline) revert Expired();
        for (uint256 i; i < paths.length; ++i) {
            SwapPath calldata path = paths[i];
            _take(path.tokenIn, path.steps[0].pool, path.amountIn);
            TokenAmount memory got;
            for (uint256 j; j < path.steps.length; ++j) {
                SwapStep calldata step = path.steps[j];
                got = SyncSwapPool(step.pool).swap(step.data, msg.sender, step.callback, step.callbackData);
            }
            out.token = got.token;
            out.amount += got.amount;
        }
        if (out.amount < amountOutMin) revert TooLittleReceived();
    }

    function _take(address token, address pool, uint256 amount) private {
        SyncSwapVault keeper = SyncSwapVault(payable(vault));
        if (token == address(0)) {
            keeper.deposit{value: amount}(token, pool);
        } else {
            if (!Erc20(token).transferFrom(msg.sender, vault, amount)) revert TransferFromFailed();
            keeper.deposit(token, pool);
        }
    }
}
